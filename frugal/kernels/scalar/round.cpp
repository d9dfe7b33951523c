// The rounding loops on plain arrays.

#include <array>
#include <cmath>
#include <cstdint>

#include "frugal/kernels/round_pack.h"
#include "frugal/kernels/scalar/functions.h"
#include "frugal/kernels/scalar/lanes.h"
#include "frugal/tensor/blocks.h"

namespace frugal::kernels::scalar {

#include "frugal/kernels/round_loops.h"

BlockRounding block_rounding() {
  return all_rounding();
}

}  // namespace frugal::kernels::scalar
