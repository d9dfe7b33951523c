#pragma once

/// The invented worlds that agents are trained and examined in.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/agent/environment.h"
#include "frugal/agent/phrase_book.h"
#include "frugal/agent/split.h"
#include "frugal/agent/values.h"
#include "frugal/base/random.h"

namespace frugal::agent {

/// One wish in one world, and how it is served by the book.
struct Plan {
  Slots slots;                     ///< of what the user says
  std::vector<ToolCall> calls;     ///< in order
  std::string answer;              ///< what the agent says at the end
  std::vector<std::string> facts;  ///< what any good answer contains
};

/// What a plan is made from.
struct PlanInput {
  const Json& database;
  Values& values;  ///< for what is not in the world yet
  Random& random;
};

/// A kind of wish.
struct Intent {
  std::string_view name;
  int difficulty = 1;        ///< 1: at most one call; 2: two, or a rule to keep; 3: both
  bool refuse = false;       ///< the policy forbids it
  std::string_view phrases;  ///< section of the scenario's phrase book
  Plan (*plan)(const PlanInput& input) = nullptr;
};

/// Runs one tool: may change the database, returns the result.
/// Errors: kInvalidArgument or kNotFound for a request that cannot be served.
using ToolHandler = Json (*)(Json& database, const Json& arguments);

/// One scenario: all that is fixed in it.
struct Scenario {
  std::string_view name;
  std::string_view policy;
  std::vector<Tool> tools;
  std::vector<ToolHandler> handlers;  ///< one per tool
  std::vector<Intent> intents;
  const PhraseBook* phrases = nullptr;
  Json (*make_database)(Values& values, Random& random) = nullptr;
};

[[nodiscard]] const Scenario& customer_service();
[[nodiscard]] const Scenario& tutoring();
[[nodiscard]] const Scenario& finance();

/// "customer_service", "tutoring", "finance".
[[nodiscard]] std::vector<std::string_view> scenario_names();
/// Errors: kInvalidArgument for a name that is none, naming those there are.
[[nodiscard]] const Scenario& find_scenario(std::string_view name);

/// A world of a scenario.  The same split and seed give the same database.
class World final : public Environment {
 public:
  World(const Scenario& scenario, Split split, std::uint64_t seed);

  [[nodiscard]] std::string_view policy() const override { return scenario_.policy; }
  [[nodiscard]] const std::vector<Tool>& tools() const override { return scenario_.tools; }
  [[nodiscard]] Json call(const ToolCall& call) override;
  [[nodiscard]] const Json& database() const override { return database_; }

 private:
  const Scenario& scenario_;
  Json database_;
};

/// The member of an object in a database.
/// Errors: kNotFound, "no order W1", where it is not there.
[[nodiscard]] Json& record_of(Json& table, std::string_view kind, const Json& id);

}  // namespace frugal::agent
