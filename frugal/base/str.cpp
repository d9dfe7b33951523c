#include "frugal/base/str.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace frugal {

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kUnits = {"B",   "KiB", "MiB", "GiB",
                                                      "TiB", "PiB", "EiB"};
  if (bytes < 1024) return str("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {  // 1023.95 would print as 1024.0
    value /= 1024.0;
    ++unit;
  }
  return str("{:.1f} {}", value, kUnits[unit]);
}

std::string human_si(double value, std::string_view unit) {
  constexpr std::array<std::string_view, 13> kPrefixes = {"a", "f", "p", "n", "µ", "m", "",
                                                          "k", "M", "G", "T", "P", "E"};
  if (value == 0.0) return str("0 {}", unit);
  if (!std::isfinite(value)) return str("{} {}", value, unit);
  if (std::abs(value) < 1e-18 || std::abs(value) >= 999.5e18) return str("{:.2e} {}", value, unit);
  // Rounded to three digits first, so that 999.96 becomes 1.00 k and not 1e+03.
  const double magnitude = std::floor(std::log10(std::abs(value)));
  const double step = std::pow(10.0, magnitude - 2.0);
  const double rounded = std::round(value / step) * step;
  const double thousands = std::floor((std::log10(std::abs(rounded)) + 1e-9) / 3.0);
  const int group = static_cast<int>(std::clamp(thousands, -6.0, 6.0));
  const double scaled = rounded / std::pow(1000.0, group);
  const double size = std::abs(scaled) + 1e-9;
  const int decimals = size >= 100.0 ? 0 : (size >= 10.0 ? 1 : 2);
  return fmt::format("{:.{}f} {}{}", scaled, decimals,
                     kPrefixes.at(static_cast<std::size_t>(6 + group)), unit);
}

namespace {
template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc{} || stop != end) return std::nullopt;
  return value;
}
}  // namespace

std::optional<std::int64_t> parse_int(std::string_view text) {
  return parse<std::int64_t>(text);
}

std::optional<double> parse_double(std::string_view text) {
  const auto value = parse<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t cut = text.find(separator);
    parts.push_back(text.substr(0, cut));
    if (cut == std::string_view::npos) break;
    text.remove_prefix(cut + 1);
  }
  return parts;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

namespace {
// U+0000 to U+001F, U+007F and U+0080 to U+009F: what a terminal may obey.
bool is_control(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (lead == 0xC2) return static_cast<unsigned char>(character[1]) < 0xA0;
  return lead < 0x20 || lead == 0x7F;
}

// Length of the well-formed UTF-8 character at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;   // longer than need be
  if (lead == 0xED && byte(1) >= 0xA0) return 0;  // a surrogate
  if (lead == 0xF0 && byte(1) < 0x90) return 0;   // longer than need be
  if (lead == 0xF4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}
}  // namespace

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= max_bytes) return out + "…";
    const auto byte = static_cast<unsigned char>(text[0]);
    const std::size_t length = utf8_length(text);
    if (length == 0 || is_control(text)) {
      out += str("\\x{:02x}", byte);
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace frugal
