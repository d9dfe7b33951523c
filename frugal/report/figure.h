#pragma once

/// A number with its interval, and how it is written for people.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "frugal/ledger/ledger.h"

namespace frugal::report {

/// A value with its two-sided 95 % interval; always finite, low <= value <= high.
struct Figure {
  double value = 0.0;
  std::optional<double> low;
  std::optional<double> high;

  /// Half the width of the interval; nothing when one end is unknown.
  [[nodiscard]] std::optional<double> half_width() const;
};

/// A metric of the ledger as a figure.  Its own ends are taken where it has them; else they are
/// t · std_err with count - 1 degrees of freedom (1.96 · std_err where the count was not kept).
/// Nothing for no metric and for a value that is not finite; ends on the wrong side are dropped.
[[nodiscard]] std::optional<Figure> figure_of(const ledger::Metric* metric);

/// to / from, with the relative half-widths in quadrature; a scale error that both share cancels.
/// Nothing unless both values are positive.
[[nodiscard]] std::optional<Figure> ratio(const Figure& to, const Figure& from);

/// What a column is multiplied by, and the unit it then has: {1000, "mJ"}.
struct Scale {
  double factor = 1.0;
  std::string unit;
};

/// The SI prefix that puts the largest magnitude between 1 and 1000, one for all values.
[[nodiscard]] Scale common_scale(std::span<const double> values, std::string_view unit);

enum class Sign { kMinus, kAlways };

/// Fixed decimals, true minus sign, groups of three divided by narrow spaces; scientific from 1e15.
[[nodiscard]] std::string number(double value, int decimals, Sign sign = Sign::kMinus);

/// A figure in words of the page: the unit is not written.
struct Written {
  std::string value;     ///< "12.34"
  std::string interval;  ///< "± 0.12"; ends that differ, "+0.20 −0.12"; an unknown one, "± –"
};

/// As many decimals as show two digits of the interval.
[[nodiscard]] Written write(const Figure& figure, double factor = 1.0, Sign sign = Sign::kMinus);

/// Value and interval of `write` in one text: "12.34 ± 0.12".
[[nodiscard]] std::string figure_text(const Figure& figure, double factor = 1.0,
                                      Sign sign = Sign::kMinus);

/// A figure whose upper end alone decides: "+0.0078" and "≤ +0.0090".
[[nodiscard]] Written write_bounded(const Figure& figure);

/// Up to four significant digits, for values that have no interval by nature.
[[nodiscard]] std::string plain_number(double value, Sign sign = Sign::kMinus);

/// A count for reading aloud: "9 480", "310 thousand", "2.4 million".
[[nodiscard]] std::string spoken_count(double count);

}  // namespace frugal::report
