#pragma once

/// One thing to be done, and how we know that it was done.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/agent/environment.h"
#include "frugal/agent/split.h"
#include "frugal/agent/tool.h"
#include "frugal/text/chat.h"

namespace frugal::agent {

/// A task of a suite; docs/formats/suite.md.
struct Task {
  std::string id;
  std::string scenario;
  std::string intent;
  int difficulty = 1;   ///< 1 to 3
  bool refuse = false;  ///< the policy forbids what is asked for
  Split split = Split::kTest;
  std::uint64_t world_seed = 0;
  std::string user;                ///< what is asked for
  std::vector<ToolCall> actions;   ///< one way to do it; any that ends in the same database counts
  std::vector<std::string> facts;  ///< what the answer must contain
  std::string answer;              ///< an answer that does

  bool operator==(const Task&) const = default;
};

/// Tasks with the same number from each scenario and each intent in it, as far as `count` allows.
/// The first n of a longer list are the list of n.  No scenario named: all of them.
/// Errors: kInvalidArgument for a scenario that is none.
[[nodiscard]] std::vector<Task> make_tasks(Split split, std::uint64_t seed, std::size_t count,
                                           std::span<const std::string> scenarios = {});

/// The world of the task before anything is done.
/// Errors: kInvalidArgument for a scenario that is none.
[[nodiscard]] std::unique_ptr<Environment> make_world(const Task& task);

/// What an agent is told first: the policy, then the user's wish.
[[nodiscard]] std::vector<text::ChatMessage> opening_messages(const Task& task,
                                                              const Environment& world);
/// The signatures of the tools, one line each.
[[nodiscard]] std::vector<std::string> tool_signatures(const Environment& world);

/// The whole conversation of somebody who does the task's actions, one a message, with the results
/// that the world gives, and then its answer.  What training learns from.
[[nodiscard]] std::vector<text::ChatMessage> reference_conversation(const Task& task);

}  // namespace frugal::agent
