#pragma once

/// Joules of a span, shared out over the work done in it.

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/base/work.h"
#include "frugal/meter/meter.h"

namespace frugal::account {

/// Energy of a part: a phase, a layer, waste.
struct Share {
  Joules energy;
  Joules uncertainty;  ///< one standard deviation
};

/// The joules of one run by phase.  Law: the sum over the phases, idle included, is the meter's
/// total.
struct Receipt {
  meter::Reading total;  ///< all domains of one boundary; may be unavailable
  std::array<Share, kPhases> phases{};
  Share rejected = {};             ///< of the phases, on tokens that were thrown away
  Share recomputed = {};           ///< of the phases, on tokens that were computed again
  std::vector<Share> layers = {};  ///< of the phases, of each layer; empty where nobody told
  Work work;

  [[nodiscard]] const Share& operator[](Phase phase) const {
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
///          and Σ t_p; of waste and of layers likewise by their seconds.
/// Errors:  none; unavailable readings give an unavailable receipt.
[[nodiscard]] Receipt attribute(const std::vector<meter::Reading>& readings, const Work& work);

/// One span shared out over all requests that were answered in it.
struct Bill {
  std::vector<Receipt> receipts;  ///< as the requests; their idle phase is 0
  Share idle;                     ///< what no request was busy in
  meter::Reading total;
};

/// Shares the energy of `readings` over requests, each by its own busy seconds.  Those are what
/// `engine::Ending` tells: a batch's seconds, split by the layers that each request's tokens went
/// through.
///
/// Formula: E_{r,p} = E · t_{r,p} / T, E_idle = E − Σ E_{r,p}, with T the longer of the span and
///          Σ t_{r,p}.
/// Law:     the totals of the receipts and idle are the meter's total.
/// Errors:  none; unavailable readings give unavailable receipts.
[[nodiscard]] Bill share_out(const std::vector<meter::Reading>& readings,
                             std::span<const Work> requests);

}  // namespace frugal::account
