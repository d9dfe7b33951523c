#pragma once

/// Private to this folder: parameters' numbers behind one another, to be sent at once.

#include <ATen/ATen.h>

#include <cstddef>
#include <vector>

#include "frugal/train/torch/optimizer.h"

namespace frugal::train {

struct Bucket {
  Tensor flat;                     ///< float32 [sum of the parts' sizes]
  std::vector<Tensor> parts;       ///< of the shapes of their slots, inside `flat`
  std::vector<std::size_t> slots;  ///< whose numbers the parts are
};

/// Zeros for every slot, in buckets of at most `bytes` (but one slot at least).  The last slot
/// comes first: backward arrives at it first.
[[nodiscard]] std::vector<Bucket> make_buckets(const std::vector<Slot>& slots, std::size_t bytes);

}  // namespace frugal::train
