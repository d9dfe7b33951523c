#pragma once

/// Attention of one query head over the cached positions.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/kernels/softmax.h"

namespace frugal::kernels {

/// scores[p] = sum_d q[d] * keys[p][d];  w = softmax(scores);  out[d] = sum_p w[p] * values[p][d]
///
/// Shapes:  q, out: [head_dim], not the same memory; keys, values: [count, head_dim] with `stride`
///          elements from one position to the next; scores: [count], left holding w.
/// Numbers: float32 products and sums, caches in float32 or binary16; instruction sets agree to
///          1e-5 of max |value| where |scores| is of order 10.
/// Errors:  throws nothing; count == 0 or stride < head_dim is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only; heads may run side by side, each with its scratch.
/// Source:  Vaswani et al. 2017, arXiv:1706.03762, eq. 1; q carries the 1 / sqrt(head_dim).
void attend(const Kernels& kernels, const AttendArgs<float>& args);
void attend(const Kernels& kernels, const AttendArgs<std::uint16_t>& args);

/// What attention of one position reads: query heads share the cached heads evenly, as in
/// grouped-query attention.
struct AttendShape {
  std::uint64_t heads = 0;
  std::uint64_t kv_heads = 0;
  std::uint64_t head_dim = 0;
  std::uint64_t element_bytes = 0;  ///< of the cache: 4 or 2
};

/// Cost of attention of all heads of one position over `count` positions.  Per query head and
/// position: head_dim products and sums for the score, as many for the output, and the softmax.
/// Keys and values are read once per cached head; q read, out written, scores written, normalised
/// and read once per query head.
[[nodiscard]] constexpr Cost attend_cost(const AttendShape& shape, std::uint64_t count) {
  return softmax_cost(shape.heads, count)
      .add(Op::kFloat, 4 * shape.heads * count * shape.head_dim)
      .add(Traffic::kDram, 2 * shape.kv_heads * count * shape.head_dim * shape.element_bytes)
      .add(Traffic::kCache, 8 * shape.heads * (count + shape.head_dim));
}

}  // namespace frugal::kernels
