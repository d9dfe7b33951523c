#pragma once

/// Tasks of one intent and what becomes of them, for tests of the scenarios.

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/agent/scenario.h"
#include "frugal/agent/score.h"
#include "frugal/agent/task.h"

namespace frugal::agent {

/// An intent and the tools that its plan calls, in order.
struct Expectation {
  std::string_view intent;
  std::vector<std::string> tools;
};

/// Some tasks of an intent, of different worlds.
inline std::vector<Task> tasks_of(std::string_view scenario, std::string_view intent,
                                  std::size_t count = 8) {
  const std::array names = {std::string(scenario)};
  const std::size_t intents = find_scenario(scenario).intents.size();
  std::vector<Task> found;
  for (Task& task : make_tasks(Split::kTest, 11, intents * count, names)) {
    if (task.intent == intent) found.push_back(std::move(task));
  }
  EXPECT_EQ(found.size(), count) << intent;
  return found;
}

/// Whether these calls and these words solve the task.
inline bool solved_by(const Task& task, const std::vector<ToolCall>& calls, std::string_view said) {
  const auto world = make_world(task);
  for (const ToolCall& call : calls) (void)world->call(call);
  return solves(task, *world, said);
}

inline std::vector<std::string> tool_names(const Task& task) {
  std::vector<std::string> names;
  for (const ToolCall& call : task.actions) names.push_back(call.name);
  return names;
}

/// Every intent of the scenario stands in `expected` with its tools, its answer holds its facts,
/// its own way solves it, and neither silence nor its answer without a fact does.
inline void expect_plans(std::string_view scenario, const std::vector<Expectation>& expected) {
  EXPECT_EQ(expected.size(), find_scenario(scenario).intents.size());
  for (const Expectation& one : expected) {
    for (const Task& task : tasks_of(scenario, one.intent)) {
      EXPECT_EQ(tool_names(task), one.tools) << task.id;
      EXPECT_FALSE(task.facts.empty()) << task.id;
      EXPECT_TRUE(solved_by(task, task.actions, task.answer)) << task.id;
      EXPECT_FALSE(solved_by(task, task.actions, "Done.")) << task.id;
      for (const std::string& fact : task.facts) {
        EXPECT_TRUE(contains_fact(task.answer, fact)) << task.id << ": " << fact;
      }
    }
  }
}

/// The error of a result, or what came instead.
inline std::string error_of(const Json& result) {
  return result.contains("error") ? result.at("error").get<std::string>()
                                  : "no error: " + result.dump();
}

}  // namespace frugal::agent
