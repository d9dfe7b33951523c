#pragma once

/// How vocabularies write a space, and how long a text may be.

#include <cstddef>
#include <string>
#include <string_view>

namespace frugal::text {

inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  ///< U+2581 "▁"

/// The rules number the symbols of a text in 32 bits.
inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30;

/// Every space as U+2581, with one more in front when `space_first`.
///
/// Threads: safe from all, as are the others.
[[nodiscard]] std::string escape_spaces(std::string_view text, bool space_first);

/// Every U+2581 as a space.
[[nodiscard]] std::string unescape_spaces(std::string_view text);

/// Errors: kInvalidArgument for a text longer than `max_bytes`.
void check_text_length(std::string_view text, std::size_t max_bytes);

}  // namespace frugal::text
