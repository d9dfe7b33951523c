#include "frugal/agent/tool_call.h"

#include <array>
#include <optional>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::agent {

namespace {

constexpr std::string_view kOpen = "<tool_call>";
constexpr std::string_view kClose = "</tool_call>";

/// A Python literal as JSON: strings in double quotes, True, False and None by their other names.
std::string json_of_python(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kWords = {
      {{"True", "true"}, {"False", "false"}, {"None", "null"}}};
  std::string out;
  char quote = 0;  // of the string we are in
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && i + 1 < text.size()) {
        const char next = text[++i];
        out += next == '\'' ? "'" : std::string{c, next};
      } else if (c == quote) {
        out += '"';
        quote = 0;
      } else {
        out += c == '"' ? "\\\"" : std::string{c};
      }
      continue;
    }
    if (c == '\'' || c == '"') {
      quote = c;
      out += '"';
      continue;
    }
    bool word = false;
    for (const auto& [python, json] : kWords) {
      if (text.substr(i, python.size()) != python) continue;
      out += json;
      i += python.size() - 1;
      word = true;
      break;
    }
    if (!word) out += c;
  }
  return out;
}

std::optional<Json> parsed(std::string_view body) {
  try {
    return parse_json(body, "call");
  } catch (const Error&) {
    try {
      return parse_json(json_of_python(body), "call");
    } catch (const Error&) {
      return std::nullopt;
    }
  }
}

CallAttempt attempt_of(std::string_view body) {
  constexpr std::string_view kForm = R"(expected {"name": ..., "arguments": {...}})";
  const auto json = parsed(trim(body));
  if (!json) return {.call = {}, .fault = str("tool_call: not JSON, {}", kForm)};
  if (!json->is_object() || !json->contains("name") || !json->at("name").is_string()) {
    return {.call = {}, .fault = str("tool_call: no name, {}", kForm)};
  }
  if (!json->contains("arguments") || !json->at("arguments").is_object()) {
    return {.call = {}, .fault = str("tool_call: no arguments, {}", kForm)};
  }
  return {.call = {json->at("name").get<std::string>(), json->at("arguments")}, .fault = ""};
}

}  // namespace

ParsedMessage parse_message(std::string_view message) {
  ParsedMessage out;
  while (!message.empty()) {
    const std::size_t open = message.find(kOpen);
    out.text += message.substr(0, open);
    if (open == std::string_view::npos) break;
    message.remove_prefix(open);
    const std::size_t close = message.find(kClose);
    if (close == std::string_view::npos) {
      out.text += message;
      out.calls.push_back({.call = {}, .fault = "tool_call: not closed, expected </tool_call>"});
      break;
    }
    const std::string_view block = message.substr(0, close + kClose.size());
    out.calls.push_back(attempt_of(message.substr(kOpen.size(), close - kOpen.size())));
    if (out.calls.back().malformed()) out.text += block;
    message.remove_prefix(block.size());
  }
  out.text = trim(out.text);
  return out;
}

}  // namespace frugal::agent
