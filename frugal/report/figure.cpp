#include "frugal/report/figure.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "frugal/base/statistics.h"
#include "frugal/base/str.h"

// How many digits a reader is shown follows from what is known: the interval is written with two
// significant digits and the value is cut at the same decimal place.  Digits behind it would only
// be noise that looks like knowledge.

namespace frugal::report {
namespace {

constexpr std::string_view kNarrowSpace = "\u202f";
constexpr std::string_view kMinusSign = "\u2212";

std::optional<double> finite(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

// Power of ten of the leading digit; 0.0999999999 is meant to be 0.1.
int exponent(double value) {
  return static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
}

// Decimals that show `digits` significant digits of `value`.
int decimals_for(double value, int digits) {
  if (value == 0.0 || !std::isfinite(value)) return digits - 1;
  return std::clamp(digits - 1 - exponent(value), 0, 9);
}

std::string group_thousands(std::string_view digits) {
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  if (whole < 5) return std::string(digits);
  std::string out;
  for (std::size_t i = 0; i < whole; ++i) {
    if (i != 0 && (whole - i) % 3 == 0) out += kNarrowSpace;
    out += digits[i];
  }
  return out.append(digits.substr(whole));
}

}  // namespace

std::optional<double> Figure::half_width() const {
  if (!low || !high) return std::nullopt;
  return 0.5 * (*high - *low);
}

std::optional<Figure> figure_of(const ledger::Metric* metric) {
  if (metric == nullptr || !std::isfinite(metric->value)) return std::nullopt;
  Figure figure{.value = metric->value, .low = finite(metric->low), .high = finite(metric->high)};
  const std::optional<double> std_err = finite(metric->std_err);
  if (!figure.low && !figure.high && std_err) {
    constexpr double kNormal95 = 1.96;
    Summary summary{.count = static_cast<std::size_t>(std::max<std::int64_t>(metric->count, 0))};
    summary.std_err = *std_err;
    const double half = summary.count == 0 ? kNormal95 * *std_err : summary.half_width95();
    if (std::isfinite(half)) {
      figure.low = metric->value - half;
      figure.high = metric->value + half;
    }
  }
  if (figure.low && *figure.low > figure.value) figure.low.reset();
  if (figure.high && *figure.high < figure.value) figure.high.reset();
  return figure;
}

std::optional<Figure> ratio(const Figure& to, const Figure& from) {
  if (to.value <= 0.0 || from.value <= 0.0) return std::nullopt;
  Figure result{.value = to.value / from.value, .low = std::nullopt, .high = std::nullopt};
  if (!std::isfinite(result.value)) return std::nullopt;
  const std::optional<double> to_half = to.half_width();
  const std::optional<double> from_half = from.half_width();
  if (to_half && from_half) {
    const double half = result.value * std::hypot(*to_half / to.value, *from_half / from.value);
    result.low = result.value - half;
    result.high = result.value + half;
  }
  return result;
}

Scale common_scale(std::span<const double> values, std::string_view unit) {
  constexpr std::array<std::string_view, 8> kPrefixes = {"p", "n", "µ", "m", "", "k", "M", "G"};
  constexpr double kNone = 4.0;  // place of the empty prefix
  double largest = 0.0;
  for (const double value : values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  if (largest == 0.0) return {.factor = 1.0, .unit = std::string(unit)};
  const double thousands = std::floor((std::log10(largest) + 1e-9) / 3.0);
  const double group = std::clamp(thousands, -kNone, 3.0);
  return {.factor = std::pow(1000.0, -group),
          .unit = str("{}{}", kPrefixes[static_cast<std::size_t>(group + kNone)], unit)};
}

std::string number(double value, int decimals, Sign sign) {
  constexpr double kTooLong = 1e15;
  if (!std::isfinite(value)) return "–";
  const double magnitude = std::abs(value);
  std::string digits = magnitude >= kTooLong ? fmt::format("{:.3g}", magnitude)
                                             : fmt::format("{:.{}f}", magnitude, decimals);
  // What rounds to zero has no sign.
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  std::string out;
  if (!zero && value < 0.0) out = kMinusSign;
  if (!zero && value > 0.0 && sign == Sign::kAlways) out = "+";
  return out + (magnitude >= kTooLong ? digits : group_thousands(digits));
}

Written write(const Figure& figure, double factor, Sign sign) {
  constexpr double kSame = 0.05;  // ends this close are written as one ±
  const double value = figure.value * factor;
  if (!figure.low || !figure.high) return {plain_number(value, sign), "± –"};
  const double below = (figure.value - *figure.low) * factor;
  const double above = (*figure.high - figure.value) * factor;
  const double smaller = std::min(below, above);
  const double larger = std::max(below, above);
  if (larger == 0.0) return {plain_number(value, sign), "± 0"};
  if (larger - smaller <= kSame * larger) {
    const double half = 0.5 * (below + above);
    const int decimals = decimals_for(half, 2);
    return {number(value, decimals, sign), str("± {}", number(half, decimals))};
  }
  const int decimals = decimals_for(larger, 2);
  return {number(value, decimals, sign),
          str("+{} {}{}", number(above, decimals), kMinusSign, number(below, decimals))};
}

std::string figure_text(const Figure& figure, double factor, Sign sign) {
  const Written written = write(figure, factor, sign);
  return str("{} {}", written.value, written.interval);
}

std::string plain_number(double value, Sign sign) {
  std::string out = number(value, decimals_for(value, 4), sign);
  if (out.find('.') == std::string::npos || out.find('e') != std::string::npos) return out;
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

Written write_bounded(const Figure& figure) {
  if (!figure.high) return {plain_number(figure.value, Sign::kAlways), "≤ –"};
  const double above = *figure.high - figure.value;
  if (above == 0.0) {
    const std::string both = plain_number(figure.value, Sign::kAlways);
    return {both, str("≤ {}", both)};
  }
  const int decimals = decimals_for(above, 2);
  return {number(figure.value, decimals, Sign::kAlways),
          str("≤ {}", number(*figure.high, decimals, Sign::kAlways))};
}

std::string spoken_count(double count) {
  constexpr double kCountable = 10'000.0;
  constexpr std::array<std::string_view, 4> kNames = {"thousand", "million", "billion", "trillion"};
  if (!std::isfinite(count)) return "–";
  if (count < kCountable) return number(std::ceil(count), 0);
  std::size_t group = 0;
  double value = count / 1e3;
  // 999.6 thousand would be written as 1 000 thousand.
  while (value >= 999.5 && group + 1 < kNames.size()) {
    value /= 1e3;
    ++group;
  }
  return str("{} {}", number(value, value < 10.0 ? 1 : 0), kNames[group]);
}

}  // namespace frugal::report
