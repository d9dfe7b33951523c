#include "frugal/base/json.h"

#include <algorithm>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal {

namespace {

constexpr std::size_t kMaxDepth = 512;

// Deepest nesting of brackets outside strings.  Printing, copying and comparing recurse once per
// level, so that a few megabytes of "[" would overflow the stack of whoever touches the value.
std::size_t nesting(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') ++i;
    if (in_string) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return deepest;
}

template <class Value>
Value parse(std::string_view text, std::string_view where) {
  if (nesting(text) > kMaxDepth) {
    throw Error(ErrorKind::kCorrupt,
                str("{}: JSON nested deeper than {} levels", where, kMaxDepth));
  }
  try {
    return Value::parse(text);
  } catch (const nlohmann::json::exception& fault) {
    throw Error(ErrorKind::kCorrupt, str("{}: not JSON: {}", where, printable(fault.what(), 200)));
  }
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  return parse<Json>(text, where);
}

SortedJson parse_sorted_json(std::string_view text, std::string_view where) {
  return parse<SortedJson>(text, where);
}

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_spaced_line(const Json& json) {
  if (!json.is_structured()) return to_line(json);
  std::string out = json.is_object() ? "{" : "[";
  bool first = true;
  for (const auto& [key, value] : json.items()) {
    if (!first) out += ", ";
    first = false;
    if (json.is_object()) out += to_line(key) + ": ";
    out += to_spaced_line(value);
  }
  return out + (json.is_object() ? "}" : "]");
}

}  // namespace frugal
