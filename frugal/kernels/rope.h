#pragma once

/// Rotary position embedding: the position of a token, as angles of its query and key.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::kernels {

/// (x[h][2i], x[h][2i+1]) = (a cos_i - b sin_i, b cos_i + a sin_i)
///                          with (a, b) = (x[h][2i], x[h][2i+1]) and i < pairs
///
/// Shapes:  x: [heads, head_dim], the heads of one position; cosines, sines: [pairs] with
///          2 * pairs <= head_dim.  Numbers after the last pair stay as they are.
/// Numbers: float32; instruction sets agree to 1e-6 of |a| + |b|.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
/// Source:  Su et al. 2021, arXiv:2104.09864, section 3.4.2.
void rope(const Kernels& kernels, MatrixView<float> x, const float* cosines, const float* sines,
          std::size_t pairs);

/// The same with (x[h][i], x[h][i + pairs]) as pair i.
void rope_halves(const Kernels& kernels, MatrixView<float> x, const float* cosines,
                 const float* sines, std::size_t pairs);

/// Cost of one call of either.  Per pair: four products and two sums; x read and written, the
/// angles read once per head.
[[nodiscard]] constexpr Cost rope_cost(std::uint64_t heads, std::uint64_t pairs) {
  return Cost{}.add(Op::kFloat, 6 * heads * pairs).add(Traffic::kCache, 24 * heads * pairs);
}

}  // namespace frugal::kernels
