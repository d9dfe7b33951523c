// The rounding loops on registers of eight floats.

#include <array>
#include <cmath>
#include <cstdint>

#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/lanes.h"
#include "frugal/kernels/round_pack.h"
#include "frugal/tensor/blocks.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2_UNFUSED)
namespace frugal::kernels::avx2 {

#include "frugal/kernels/round_loops.h"

BlockRounding block_rounding() {
  return all_rounding();
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
