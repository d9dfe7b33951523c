#pragma once

/// What became of an agent at a task.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "frugal/agent/dialogue.h"
#include "frugal/agent/tool.h"
#include "frugal/text/chat.h"

namespace frugal::agent {

/// One trial of one task.
struct Outcome {
  std::size_t task = 0;  ///< index in the list of tasks
  std::size_t trial = 0;
  Status status = Status::kRunning;
  bool success = false;
  std::vector<text::ChatMessage> transcript;
  std::vector<ToolCall> calls;
  std::size_t steps = 0;
  std::uint64_t prompt_tokens = 0;  ///< of all its steps, found in a cache or not
  std::uint64_t output_tokens = 0;
};

}  // namespace frugal::agent
