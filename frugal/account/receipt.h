#pragma once

/// Joules of a span, shared out over the work done in it.

#include <array>
#include <optional>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/base/work.h"
#include "frugal/meter/meter.h"

namespace frugal::account {

/// Energy of one phase.
struct PhaseEnergy {
  Joules energy;
  Joules uncertainty;  ///< one standard deviation
};

/// The joules of one run by phase.  Law: the sum over the phases, idle included, is the meter's
/// total.
struct Receipt {
  meter::Reading total;  ///< all domains of one boundary; may be unavailable
  std::array<PhaseEnergy, kPhases> phases{};
  Work work;

  [[nodiscard]] const PhaseEnergy& operator[](Phase phase) const {
    return phases[static_cast<std::size_t>(phase)];
  }
  /// Energy per prompt token computed in prefill, per output token in decode; nothing where there
  /// were no tokens or no energy.
  [[nodiscard]] std::optional<double> joules_per_prompt_token() const;
  [[nodiscard]] std::optional<double> joules_per_decoded_token() const;
  /// Whole energy per output token, prompt and idle included.
  [[nodiscard]] std::optional<double> joules_per_output_token() const;
};

/// Shares the energy of `readings` over the phases of `work` by their busy seconds; what of the
/// span no phase was busy is idle.
///
/// Formula: E_p = E · t_p / T for each phase p, E_idle = E − Σ E_p, with T the longer of the span
///          and Σ t_p.
/// Errors:  none; unavailable readings give an unavailable receipt.
[[nodiscard]] Receipt attribute(const std::vector<meter::Reading>& readings, const Work& work);

}  // namespace frugal::account
