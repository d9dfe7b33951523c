#pragma once

/// Weights of a model to stored blocks, with a search for the scales that lose least.

#include <cstddef>
#include <span>
#include <vector>

#include "frugal/kernels/kernels.h"
#include "frugal/tensor/dtype.h"

namespace frugal::kernels {

/// Types that `round_row` knows: those of encode_row, Q2_K to Q6_K, IQ4_NL and IQ4_XS.
[[nodiscard]] bool can_round(DType type);

/// What an error in each column of a row costs, made ready for the blocks of `type`: once for all
/// rows of a matrix.
///
/// Formula: w[c] / (mean of w over c's block), at least 1e-6, so that columns which are never used
///          still decide where nothing else does; 1 where all of a block are 0.
/// Shapes:  importance: [cols], finite and not below 0, in any unit; empty: all columns alike.
class ColumnWeights {
 public:
  ColumnWeights(DType type, std::size_t cols, std::span<const float> importance = {});

  [[nodiscard]] bool uniform() const { return uniform_; }
  [[nodiscard]] std::span<const float> values() const { return values_; }

 private:
  std::vector<float> values_;
  bool uniform_;
};

/// Rounds x so that sum_c w[c] (x[c] - out[c])^2 is small, out being what decode_row makes of it.
///
/// Which:   Q2_K to Q6_K, IQ4_NL, IQ4_XS are always searched; Q4_0, Q4_1, Q5_0, Q5_1 where the
///          weights are not uniform.  All else is encode_row, which is llama.cpp's rounding to the
///          byte.
/// Numbers: never a larger error than with scales from the range of each group alone.  The same
///          bytes in every instruction set.  The scales must fit: |x| as `largest_roundable` says.
/// Shapes:  x and weights: [cols], cols a multiple of the block; row: row_bytes(type, cols).
/// Errors:  throws nothing; a type that is not known or a wrong length fails FRUGAL_CHECK.  Numbers
///          that are not finite or too large give some bytes: check them before.
/// Threads: on the caller's; disjoint rows may run side by side.
/// Source:  the search is ours (round_groups.h, round_super.h); layouts as in tensor/blocks.h.
void round_row(const Kernels& kernels, DType type, std::span<const float> x,
               const ColumnWeights& weights, std::byte* row);

/// The largest magnitude that the type surely holds; float's own where that is all.  Q4_1 and Q5_1
/// have limits of other kinds too: a minimum within binary16, and steps from there.
[[nodiscard]] float largest_roundable(DType type);

}  // namespace frugal::kernels
