#pragma once

/// Where an agent acts: tools over a database, and the policy to be kept.

#include <string>
#include <string_view>
#include <vector>

#include "frugal/agent/tool.h"
#include "frugal/base/json.h"

namespace frugal::agent {

/// A small world.  The tools do as they are told, also against the policy: keeping it is the
/// agent's duty, and what it did shows in the database.
///
/// Threads: one at a time.
class Environment {
 public:
  virtual ~Environment() = default;
  Environment() = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// What the agent is told to do and not to do.
  [[nodiscard]] virtual std::string_view policy() const = 0;
  [[nodiscard]] virtual const std::vector<Tool>& tools() const = 0;
  /// Runs a call and returns its result.
  /// Errors: none for what a call says; an unknown tool, arguments that do not fit and a refusal of
  ///         the tool are results {"error": "…"}.
  [[nodiscard]] virtual Json call(const ToolCall& call) = 0;
  [[nodiscard]] virtual const Json& database() const = 0;

  /// SHA-256 of the database, see canonical_hash.
  [[nodiscard]] std::string hash() const;
};

/// SHA-256, in lower-case hexadecimal, of the value written on one line without spaces, the keys of
/// every object sorted: equal for equal values, whatever the order they were made in.
/// Threads: safe from all.
[[nodiscard]] std::string canonical_hash(const Json& value);

}  // namespace frugal::agent
