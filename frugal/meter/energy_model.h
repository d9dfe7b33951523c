#pragma once

/// What counted work costs: joules from seconds, operations and bytes, each with its price.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "frugal/base/units.h"
#include "frugal/base/work.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// What is paid for.
enum class Term {
  kIdle,  ///< a second of the machine, whatever it does
  kCpu,   ///< a second of one busy CPU: instructions fetched, decoded, retired
  kInt8,  ///< an operation of Op::kInt8, beyond the CPU second it takes; and so on
  kFloat,
  kSpecial,
  kDram,  ///< a byte of Traffic::kDram; and so on
  kCache,
  kDevice,
  kNetwork,
  kStorage,
};
inline constexpr std::size_t kTerms = 2 + kOpKinds + kTrafficKinds;

/// "idle", "cpu", "int8", … "storage".
[[nodiscard]] std::string_view term_name(Term term);
[[nodiscard]] std::optional<Term> term_from_name(std::string_view name);
/// "W" for seconds, "J" for operations and bytes.
[[nodiscard]] std::string_view term_unit(Term term);

/// How much of each term a span held.
struct Activity {
  Seconds time;  ///< of the span
  Seconds cpu;   ///< CPU seconds in it
  Cost cost = {};
};
using Amounts = std::array<double, kTerms>;
[[nodiscard]] Amounts amounts_of(const Activity& activity);

/// The price of one term.
struct Price {
  double value = 0.0;       ///< W, or J per operation or byte; >= 0
  double std = 0.0;         ///< one standard deviation
  bool fitted = false;      ///< to a counter; otherwise a prior
  std::string source = {};  ///< where it comes from
};

/// All prices of one machine; what is absent nobody knows.
struct EnergyModel {
  std::string name = {};  ///< "AMD EPYC 7763, fitted to rapl", "AMD Zen 3, 7 nm, priors"
  std::array<std::optional<Price>, kTerms> prices = {};
  double relative_std = 0.5;  ///< of a sum of these, beyond the doubt of each price

  [[nodiscard]] const std::optional<Price>& operator[](Term term) const {
    return prices[static_cast<std::size_t>(term)];
  }
  [[nodiscard]] std::optional<Price>& operator[](Term term) {
    return prices[static_cast<std::size_t>(term)];
  }
};

/// E = P_idle · t + P_cpu · t_cpu + Σ e_op · ops + Σ e_byte · bytes; the deviation joins those of
/// the prices and E · relative_std in quadrature.
///
/// Units:   J.  Domain "work", boundary device, quality modelled.
/// Errors:  none; unavailable, with a note that names it, where something counted has no price.
/// Source:  docs/energy-model.md.
[[nodiscard]] Reading price_of(const Activity& activity, const EnergyModel& model);

}  // namespace frugal::meter
