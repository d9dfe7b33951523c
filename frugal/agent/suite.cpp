#include "frugal/agent/suite.h"

#include <algorithm>

#include "frugal/agent/scenario.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"

namespace frugal::agent {

namespace {

/// One line of a suite, and how to read its members.
class Line {
 public:
  Line(Json json, std::string where) : json_(std::move(json)), where_(std::move(where)) {
    if (!json_.is_object()) fail("found no object, expected one task");
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorKind::kCorrupt, str("{}: {}", where_, what));
  }

  [[nodiscard]] const Json& at(const char* key, bool (Json::*is)() const noexcept,
                               std::string_view expected) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fail(str("{} is missing, expected {}", key, expected));
    if (!((*found).*is)()) {
      fail(str("{} is {}, expected {}", key, printable(to_line(*found), 60), expected));
    }
    return *found;
  }
  [[nodiscard]] std::string text(const char* key) const {
    return at(key, &Json::is_string, "a text").get<std::string>();
  }
  [[nodiscard]] const Json& list(const char* key) const {
    return at(key, &Json::is_array, "a list");
  }
  [[nodiscard]] std::uint64_t number(const char* key) const {
    return at(key, &Json::is_number_unsigned, "a whole number").get<std::uint64_t>();
  }

 private:
  Json json_;
  std::string where_;
};

ToolCall call_of(const Line& line, const Scenario& scenario, const Json& action) {
  if (!action.is_object() || !action.contains("name") || !action.at("name").is_string() ||
      !action.contains("arguments") || !action.at("arguments").is_object()) {
    line.fail(str("action {}: expected a name and arguments", printable(to_line(action), 60)));
  }
  ToolCall call{action.at("name").get<std::string>(), action.at("arguments")};
  const auto tool = std::find_if(scenario.tools.begin(), scenario.tools.end(),
                                 [&](const Tool& one) { return one.name == call.name; });
  if (tool == scenario.tools.end()) {
    line.fail(str("action {}: not a tool of {}", printable(call.name), scenario.name));
  }
  if (const auto fault = argument_fault(*tool, call.arguments)) line.fail("action " + *fault);
  return call;
}

const Scenario& scenario_of(const Line& line) {
  try {
    return find_scenario(line.text("scenario"));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCorrupt) throw;
    line.fail(error.what());
  }
}

Task task_of(const Line& line) {
  constexpr std::uint64_t kHardest = 3;
  const Scenario& scenario = scenario_of(line);
  Task task;
  task.id = line.text("id");
  task.scenario = scenario.name;
  task.intent = line.text("intent");
  const std::uint64_t difficulty = line.number("difficulty");
  if (difficulty < 1 || difficulty > kHardest) line.fail("difficulty: expected 1 to 3");
  task.difficulty = static_cast<int>(difficulty);
  task.refuse = line.at("refuse", &Json::is_boolean, "true or false").get<bool>();
  const auto split = split_from_name(line.text("split"));
  if (!split) line.fail("split: expected train, validation or test");
  task.split = *split;
  task.world_seed = line.number("world_seed");
  task.user = line.text("user");
  for (const Json& action : line.list("actions")) {
    task.actions.push_back(call_of(line, scenario, action));
  }
  for (const Json& fact : line.list("facts")) {
    if (!fact.is_string()) line.fail("facts: expected texts");
    task.facts.push_back(fact.get<std::string>());
  }
  task.answer = line.text("answer");
  return task;
}

std::string line_of(const Task& task, std::span<const text::ChatMessage> conversation, Json tools) {
  Json line = {{"messages", Json::array()}};
  for (const text::ChatMessage& message : conversation) {
    line["messages"].push_back({{"role", message.role}, {"content", message.content}});
  }
  if (!tools.is_null()) line["tools"] = std::move(tools);
  line.update({{"scenario", task.scenario},
               {"intent", task.intent},
               {"difficulty", task.difficulty},
               {"task", task.id}});
  return to_line(line) + "\n";
}

}  // namespace

std::string suite_line(const Task& task) {
  Json actions = Json::array();
  for (const ToolCall& call : task.actions) {
    actions.push_back({{"name", call.name}, {"arguments", call.arguments}});
  }
  return to_line({{"id", task.id},
                  {"scenario", task.scenario},
                  {"intent", task.intent},
                  {"difficulty", task.difficulty},
                  {"refuse", task.refuse},
                  {"split", split_name(task.split)},
                  {"world_seed", task.world_seed},
                  {"user", task.user},
                  {"actions", actions},
                  {"facts", task.facts},
                  {"answer", task.answer}}) +
         "\n";
}

std::vector<Task> read_suite(std::string_view text, std::string_view where) {
  std::vector<Task> tasks;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    const std::string place = str("{}:{}", where, number);
    tasks.push_back(task_of(Line(parse_json(line, place), place)));
  }
  return tasks;
}

std::string conversation_line(const Task& task) {
  return conversation_line(task, reference_conversation(task));
}

std::string brief_line(const Task& task) {
  std::vector<text::ChatMessage> conversation = reference_conversation(task);
  std::erase_if(conversation, [](const auto& message) { return message.role == "system"; });
  return line_of(task, conversation, Json(nullptr));
}

std::string conversation_line(const Task& task, std::span<const text::ChatMessage> conversation) {
  Json tools = Json::array();
  for (const std::string& line : tool_signatures(*make_world(task))) {
    tools.push_back(parse_json(line, "tool"));
  }
  return line_of(task, conversation, std::move(tools));
}

}  // namespace frugal::agent
