#pragma once

/// Text formatting, and the few conversions between text and numbers that people type and read.

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace frugal {

/// str("{}: {:.2f} J", name, joules): checked at compile time, as std::format will be.
template <class... Args>
[[nodiscard]] std::string str(fmt::format_string<Args...> pattern, Args&&... args) {
  return fmt::format(pattern, std::forward<Args>(args)...);
}

/// "1.2 GiB", "340 KiB", "17 B".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

/// Three significant digits and an SI prefix: 0.00123 J -> "1.23 mJ", 4567 J -> "4.57 kJ"; zero is
/// "0 J", and what has no prefix is written as 1.00e-19 J.
[[nodiscard]] std::string human_si(double value, std::string_view unit);

/// Whole-string parse; nothing when the text is not exactly one finite number in range.
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text);
[[nodiscard]] std::optional<double> parse_double(std::string_view text);

/// "1,4,16" -> {"1","4","16"}; an empty text gives no part, nor does the end after a last
/// separator.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// Without leading and trailing ASCII white space.
[[nodiscard]] std::string_view trim(std::string_view text);

/// Control characters and invalid UTF-8 made visible (`\x1b`), shortened to `max_bytes` with "…":
/// what untrusted names look like inside an error message.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 80);

}  // namespace frugal
