#pragma once

/// What an agent can call: signatures, and whether arguments fit them.

#include <optional>
#include <string>
#include <string_view>

#include "frugal/base/json.h"

namespace frugal::agent {

/// A function as it is described to the model.
struct Tool {
  std::string name;
  std::string description;
  /// JSON schema of the arguments, of this subset: an object with "properties", each with a "type"
  /// (string, number, integer or boolean) and perhaps an "enum"; and "required".
  Json parameters;
};

/// What the model wants to be called.
struct ToolCall {
  std::string name;
  Json arguments = Json::object();

  bool operator==(const ToolCall&) const = default;
};

/// One property of a schema.
struct Parameter {
  std::string_view name;
  std::string_view type;
  bool required = true;
};

/// {"type":"object","properties":{…},"required":[…]}
[[nodiscard]] Json object_schema(std::initializer_list<Parameter> parameters);

/// {"type": "function", "function": {"name": …, "description": …, "parameters": …}} on one line, as
/// it stands in the prompt.
[[nodiscard]] std::string signature(const Tool& tool);

/// The call as the model is to write it: a <tool_call> block.
[[nodiscard]] std::string call_text(const ToolCall& call);

/// Why the arguments do not fit the tool, for the model to read; nothing when they do.
/// Threads: safe from all.
[[nodiscard]] std::optional<std::string> argument_fault(const Tool& tool, const Json& arguments);

/// {"error": "…"}
[[nodiscard]] Json error_result(std::string_view what);

}  // namespace frugal::agent
