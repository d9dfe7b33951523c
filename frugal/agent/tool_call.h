#pragma once

/// An assistant's message taken apart: what it says and what it wants called.

#include <string>
#include <string_view>
#include <vector>

#include "frugal/agent/tool.h"

namespace frugal::agent {

/// One <tool_call> block.
struct CallAttempt {
  ToolCall call;      ///< means nothing where there is a fault
  std::string fault;  ///< why the block is no call, for the model to read; empty: it is one

  [[nodiscard]] bool malformed() const { return !fault.empty(); }
};

struct ParsedMessage {
  std::string text;  ///< what is not a well-formed call, trimmed; malformed blocks stay in it
  std::vector<CallAttempt> calls;  ///< in order, malformed ones too
};

/// Finds the `<tool_call>{"name": …, "arguments": {…}}</tool_call>` blocks of a message.  A body
/// may be JSON or a Python dict in single quotes, as Hermes writes it.
///
/// Errors:  none, whatever the text.
/// Threads: safe from all.
[[nodiscard]] ParsedMessage parse_message(std::string_view message);

}  // namespace frugal::agent
