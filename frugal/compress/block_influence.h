#pragma once

/// How much each layer turns what passes through it.

#include <span>
#include <vector>

#include "frugal/compress/calibrate.h"

namespace frugal::compress {

/// influence[l] = 1 - mean over tokens of cos(x_l, x_{l+1}), x_l being what layer l gets and
/// x_{layers} what the final norm gets: the less, the less the layer does.
///
/// Numbers: taken from normalised rows, x_l with the gain divided out, which does not change a root
///          mean square's direction; of a layer norm the rows are compared with their mean taken
///          off.  Elements whose gain is 0 on either side do not count.  From 0 to 2; a layer whose
///          rows are all 0 has 1.
/// Errors:  those of watch_text; kUnsupported for an architecture whose layers do not begin with a
///          norm, or that has none before its output.
/// Memory:  one batch of rows twice, besides the engine's.
/// Source:  Men et al. 2024, arXiv:2403.03853, eq. 1.
[[nodiscard]] std::vector<double> block_influence(const model::Model& model,
                                                  std::span<const text::TokenId> text,
                                                  const CalibrateOptions& options);

/// The `count` layers of least influence, the later of equal ones first, ascending.
/// Errors: kInvalidArgument when none would stay.
[[nodiscard]] std::vector<std::size_t> least_influential(std::span<const double> influence,
                                                         std::size_t count);

}  // namespace frugal::compress
