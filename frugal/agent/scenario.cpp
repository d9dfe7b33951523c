#include "frugal/agent/scenario.h"

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::agent {

namespace {

constexpr std::array kScenarios = {customer_service, tutoring, finance};

Json new_database(const Scenario& scenario, Split split, std::uint64_t seed) {
  const Random random = Random(seed).fork(scenario.name).fork(split_name(split));
  Values values(split, random.fork("values"));
  Random shape = random.fork("shape");
  return scenario.make_database(values, shape);
}

}  // namespace

std::vector<std::string_view> scenario_names() {
  std::vector<std::string_view> names;
  for (const auto scenario : kScenarios) names.push_back(scenario().name);
  return names;
}

const Scenario& find_scenario(std::string_view name) {
  std::string known;
  for (const auto scenario : kScenarios) {
    if (scenario().name == name) return scenario();
    known += str("{}{}", known.empty() ? "" : ", ", scenario().name);
  }
  throw Error(ErrorKind::kInvalidArgument,
              str("scenario {}: expected one of {}", printable(name), known));
}

World::World(const Scenario& scenario, Split split, std::uint64_t seed)
    : scenario_(scenario), database_(new_database(scenario, split, seed)) {}

Json World::call(const ToolCall& call) {
  for (std::size_t i = 0; i < scenario_.tools.size(); ++i) {
    if (scenario_.tools[i].name != call.name) continue;
    if (const auto fault = argument_fault(scenario_.tools[i], call.arguments)) {
      return error_result(*fault);
    }
    try {
      return scenario_.handlers[i](database_, call.arguments);
    } catch (const Error& error) {
      return error_result(error.what());
    }
  }
  return error_result(str("no tool {}", printable(call.name)));
}

Json& record_of(Json& table, std::string_view kind, const Json& id) {
  const auto& name = id.get_ref<const std::string&>();
  const auto found = table.find(name);
  if (found == table.end()) {
    throw Error(ErrorKind::kNotFound, str("no {} {}", kind, printable(name)));
  }
  return *found;
}

}  // namespace frugal::agent
