#pragma once

/// Tasks and conversations as lines of JSON; docs/formats/suite.md.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/agent/task.h"

namespace frugal::agent {

/// One task on one line, with its line break.
[[nodiscard]] std::string suite_line(const Task& task);

/// The tasks of a suite; empty lines are passed over.  `where` names the file in messages.
/// Errors: kCorrupt, naming the line, for a line that is no task: not JSON, a member that is
/// missing
///         or of the wrong kind, an unknown scenario, tool or split.
[[nodiscard]] std::vector<Task> read_suite(std::string_view text, std::string_view where);

/// The task's reference conversation on one line, with its line break, as training reads it.
[[nodiscard]] std::string conversation_line(const Task& task);
/// The same without what stands before the request: neither instructions nor tools.  A lesson takes
/// half the tokens so; what is learnt from it is to be completed with whole conversations.
[[nodiscard]] std::string brief_line(const Task& task);
/// The same of a conversation that an agent had.
[[nodiscard]] std::string conversation_line(const Task& task,
                                            std::span<const text::ChatMessage> conversation);

}  // namespace frugal::agent
