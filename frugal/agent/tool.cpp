#include "frugal/agent/tool.h"

#include <algorithm>

#include "frugal/base/str.h"

namespace frugal::agent {

namespace {

constexpr std::size_t kShownBytes = 60;

bool fits(const Json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  return true;
}

std::string shown(const Json& value) {
  return printable(to_line(value), kShownBytes);
}

std::string names_of(const Json& properties) {
  std::string out;
  for (const auto& [name, property] : properties.items()) {
    out += (out.empty() ? "" : ", ") + name;
  }
  return out.empty() ? "none" : out;
}

}  // namespace

Json object_schema(std::initializer_list<Parameter> parameters) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Parameter& parameter : parameters) {
    properties[std::string(parameter.name)] = {{"type", parameter.type}};
    if (parameter.required) required.push_back(parameter.name);
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

std::string signature(const Tool& tool) {
  return to_spaced_line({{"type", "function"},
                         {"function",
                          {{"name", tool.name},
                           {"description", tool.description},
                           {"parameters", tool.parameters}}}});
}

std::string call_text(const ToolCall& call) {
  return str("<tool_call>\n{}\n</tool_call>",
             to_spaced_line({{"name", call.name}, {"arguments", call.arguments}}));
}

std::optional<std::string> argument_fault(const Tool& tool, const Json& arguments) {
  if (!arguments.is_object()) {
    return str("{}: arguments are {}, expected an object", tool.name, shown(arguments));
  }
  const Json& properties = tool.parameters.at("properties");
  for (const Json& name : tool.parameters.at("required")) {
    if (!arguments.contains(name.get_ref<const std::string&>())) {
      return str("{}: {} is missing", tool.name, name.get_ref<const std::string&>());
    }
  }
  for (const auto& [name, value] : arguments.items()) {
    const auto property = properties.find(name);
    if (property == properties.end()) {
      return str("{}: unknown argument {}, expected {}", tool.name, printable(name, kShownBytes),
                 names_of(properties));
    }
    const auto type = property->value("type", "");
    if (!fits(value, type)) {
      return str("{}: {} is {}, expected type {}", tool.name, name, shown(value), type);
    }
    const auto choices = property->find("enum");
    if (choices != property->end() &&
        std::find(choices->begin(), choices->end(), value) == choices->end()) {
      return str("{}: {} is {}, expected one of {}", tool.name, name, shown(value),
                 to_line(*choices));
    }
  }
  return std::nullopt;
}

Json error_result(std::string_view what) {
  return {{"error", what}};
}

}  // namespace frugal::agent
