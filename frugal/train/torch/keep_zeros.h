#pragma once

/// Private to this folder: what was pruned stays pruned while the rest recovers.

#include "frugal/train/torch/network.h"

namespace frugal::train {

/// A lens through which the elements of matrices that are 0 now are 0 for good: what a step makes
/// of them is neither seen nor saved, and no gradient reaches them.
[[nodiscard]] Network::Lens zeros_kept(const Network& network);

}  // namespace frugal::train
