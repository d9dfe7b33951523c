#include "frugal/agent/task.h"

#include <numeric>

#include "frugal/agent/scenario.h"
#include "frugal/base/random.h"
#include "frugal/base/str.h"

namespace frugal::agent {

namespace {

// In every round each intent comes once, in an order of its own.
const Intent& intent_of_turn(const Scenario& scenario, const Random& random, std::size_t turn) {
  std::vector<std::size_t> order(scenario.intents.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random shuffling = random.fork("round").fork(turn / order.size());
  shuffling.shuffle(order);
  return scenario.intents[order[turn % order.size()]];
}

Task make_task(const Scenario& scenario, Split split, std::uint64_t seed, std::size_t turn) {
  const Random random = Random(seed).fork(scenario.name).fork(split_name(split));
  const Intent& intent = intent_of_turn(scenario, random, turn);
  const Random own = random.fork("task").fork(turn);
  constexpr unsigned kBeyondDouble = 11;  // so that every reader of JSON keeps the seed

  Task task;
  task.id = str("{}-{}-{}-{}", scenario.name, split_name(split), seed, turn);
  task.scenario = scenario.name;
  task.intent = intent.name;
  task.difficulty = intent.difficulty;
  task.refuse = intent.refuse;
  task.split = split;
  task.world_seed = own.fork("world").next() >> kBeyondDouble;

  const World world(scenario, split, task.world_seed);
  Values values(split, own.fork("values"));
  Random choice = own.fork("choice");
  Plan plan = intent.plan({world.database(), values, choice});
  plan.slots.emplace_back("speaker", values.person());
  Random wording = own.fork("wording");
  task.user = speak(*scenario.phrases, intent.phrases, split, plan.slots, wording);
  task.actions = std::move(plan.calls);
  task.facts = std::move(plan.facts);
  task.answer = std::move(plan.answer);
  return task;
}

}  // namespace

std::vector<Task> make_tasks(Split split, std::uint64_t seed, std::size_t count,
                             std::span<const std::string> scenarios) {
  std::vector<const Scenario*> chosen;
  for (const std::string& name : scenarios) chosen.push_back(&find_scenario(name));
  if (chosen.empty()) {
    for (const std::string_view name : scenario_names()) chosen.push_back(&find_scenario(name));
  }
  std::vector<Task> tasks;
  tasks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    tasks.push_back(make_task(*chosen[i % chosen.size()], split, seed, i / chosen.size()));
  }
  return tasks;
}

std::unique_ptr<Environment> make_world(const Task& task) {
  return std::make_unique<World>(find_scenario(task.scenario), task.split, task.world_seed);
}

std::vector<text::ChatMessage> opening_messages(const Task& task, const Environment& world) {
  return {{"system", std::string(world.policy())}, {"user", task.user}};
}

std::vector<std::string> tool_signatures(const Environment& world) {
  std::vector<std::string> lines;
  for (const Tool& tool : world.tools()) lines.push_back(signature(tool));
  return lines;
}

std::vector<text::ChatMessage> reference_conversation(const Task& task) {
  const auto world = make_world(task);
  std::vector<text::ChatMessage> messages = opening_messages(task, *world);
  for (const ToolCall& call : task.actions) {
    messages.push_back({"assistant", call_text(call)});
    messages.push_back({"tool", to_spaced_line(world->call(call))});
  }
  messages.push_back({"assistant", task.answer});
  return messages;
}

}  // namespace frugal::agent
