#pragma once

/// What the columns that stay can do for those that go.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "frugal/base/thread_pool.h"
#include "frugal/compress/moments.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::compress {

/// How the inputs that go (R) follow from those that stay (K), by least squares:
/// x[R] ≈ G x[K],  G = H[R,K] (H[K,K] + damping mean(diag H[K,K]) I)⁻¹,  H = sum / count.
struct Substitute {
  std::vector<std::size_t> kept = {};     ///< K, ascending
  std::vector<std::size_t> removed = {};  ///< R, ascending
  double damping = 0.0;                   ///< what was needed: 0.01, or tenfold steps of it
  std::vector<float> turned = {};         ///< [K][R] G transposed
};

/// Nothing: all of H is 0 where it stays, or no damping up to its mean diagonal does.
///
/// Shapes:  kept: ascending columns of the input, at least one.
/// Numbers: the factor in float64, G from float32 products; the same bits for any number of
///          threads.
/// Memory:  16 bytes K² besides the sums, and 8 bytes K R.
/// Source:  ordinary least squares with a ridge; Hassibi and Stork 1993, eq. 5, for one column.
[[nodiscard]] std::optional<Substitute> make_substitute(const kernels::Kernels& kernels,
                                                        const SecondMoments& moments,
                                                        std::span<const std::size_t> kept,
                                                        ThreadPool& pool);

/// W'[:,K] = W[:,K] + W[:,R] G: of all matrices on the kept columns the one whose output differs
/// least over the text, but for the damping, which holds it to W[:,K].
///
/// Shapes:  w: [rows, K + R]; result: [rows][K].
[[nodiscard]] std::vector<float> compensated(const kernels::Kernels& kernels,
                                             const Substitute& substitute,
                                             MatrixView<const float> w, ThreadPool& pool);

}  // namespace frugal::compress
