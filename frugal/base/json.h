#pragma once

/// JSON in the house: one type, and a parser whose faults are ours.

#include <nlohmann/json.hpp>
#include <string_view>

namespace frugal {

/// Keeps the order of keys, so that what we print reads as it was written.
using Json = nlohmann::ordered_json;

/// Parses untrusted text.  `where` names the source in the message.
/// Errors: kCorrupt when the text is not JSON or nested deeper than 512 levels.
[[nodiscard]] Json parse_json(std::string_view text, std::string_view where);

/// The same for objects of a hundred thousand members: they are sorted by key, so that reading n of
/// them takes n log n steps, not n squared.
using SortedJson = nlohmann::json;

/// As parse_json.
[[nodiscard]] SortedJson parse_sorted_json(std::string_view text, std::string_view where);

/// One line, invalid UTF-8 replaced by U+FFFD, no NaN or infinity (they become null).
[[nodiscard]] std::string to_line(const Json& json);

/// The same with a space after each comma and colon, `{"a": 1, "b": [2, 3]}`: the way Python's
/// json.dumps writes, and with it the chat templates that models are trained on.
[[nodiscard]] std::string to_spaced_line(const Json& json);

}  // namespace frugal
