#pragma once

/// One agent at one task, without the model: what it says goes in, what it reads next comes out.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/agent/environment.h"
#include "frugal/agent/task.h"
#include "frugal/agent/tool.h"
#include "frugal/base/units.h"
#include "frugal/text/chat.h"

namespace frugal::agent {

/// How a dialogue stands, or how it ended.
enum class Status {
  kRunning,      ///< the agent is to speak
  kAnswered,     ///< a message without calls: the answer
  kStepLimit,    ///< it still wanted to call tools after its last message
  kMalformed,    ///< its last message was cut off at the token limit, or held nothing but broken
                 ///< calls
  kContextFull,  ///< the conversation has no room for another message
};

/// "answered", "step_limit", "malformed", "context_full"; "running".
[[nodiscard]] std::string_view status_name(Status status);

/// Threads: one at a time.
class Dialogue {
 public:
  /// The task must outlive this.  Errors: as make_world.
  Dialogue(const Task& task, std::size_t max_steps);

  /// Takes the agent's next message, runs its calls and returns the results that follow it; none
  /// when the dialogue has ended.  `whole` is false where the message was cut off.
  /// Errors: none, whatever the message says.
  std::span<const text::ChatMessage> take(std::string message, bool whole);
  /// Ends a running dialogue for want of room.
  void give_up();

  [[nodiscard]] Status status() const { return status_; }
  [[nodiscard]] const Task& task() const { return task_; }
  /// What was said so far, the policy first.
  [[nodiscard]] const std::vector<text::ChatMessage>& messages() const { return messages_; }
  [[nodiscard]] const std::vector<std::string>& tools() const { return tools_; }
  /// Well-formed calls in order, also those that gave an error.
  [[nodiscard]] const std::vector<ToolCall>& calls() const { return calls_; }
  [[nodiscard]] std::size_t steps() const { return steps_; }
  /// Whether it answered and the task is solved; facts count in the answer only.
  [[nodiscard]] bool success() const;
  /// Time that the tools took.
  [[nodiscard]] Seconds tool_time() const { return tool_time_; }

 private:
  const Task& task_;
  std::size_t max_steps_;
  std::unique_ptr<Environment> world_;
  std::vector<std::string> tools_;
  std::vector<text::ChatMessage> messages_;
  std::vector<ToolCall> calls_;
  std::string answer_;
  std::size_t steps_ = 0;
  Status status_ = Status::kRunning;
  Seconds tool_time_;
};

}  // namespace frugal::agent
