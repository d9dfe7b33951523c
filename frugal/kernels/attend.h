#pragma once

/// Attention of some queries over the cached positions of one head.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/kernels/kv_page.h"

namespace frugal::kernels {

/// scores[r][p] = sum_d q[r][d] * key[p][d], capped;  w = softmax(scores[r]);
/// out[r][d] = sum_p w[r][p] * value[p][d]             for begin[r] <= p < end[r]
///
/// The queries of a group share their cached head, and neighbouring tokens their positions: each
/// page is read once for all rows, and the softmax is kept running over the pages.
///
/// Shapes:  q, out: [rows, head_dim], not the same memory; blocks of `type` as in kv_page.h.
/// Numbers: float32 products and sums; instruction sets agree to 1e-5 of max |value| where |scores|
///          is of order 10.  The bits of a row depend on no other row of the call.
/// Errors:  throws nothing; a row without positions is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only; calls may run side by side.
/// Source:  Vaswani et al. 2017, arXiv:1706.03762, eq. 1; running softmax: Milakov and Gimelshein
///          2018, arXiv:1805.02867, algorithm 3.
void attend(const Kernels& kernels, KvType type, const AttendArgs& args);

/// What one call reads and computes.
struct AttendShape {
  std::uint64_t rows = 0;
  std::uint64_t visible = 0;    ///< sum over rows of end - begin
  std::uint64_t positions = 0;  ///< from the first begin to the last end
  std::uint64_t head_dim = 0;
  KvType type = KvType::kF16;
};

/// Cost of one attend call.  Per row and visible position: head_dim products and sums for the
/// score, as many for the output, and the softmax.  Keys and values are read once per call; q read,
/// out written once per row.
[[nodiscard]] constexpr Cost attend_cost(const AttendShape& shape) {
  return Cost{}
      .add(Op::kFloat, shape.visible * ((4 * shape.head_dim) + 4))
      .add(Op::kSpecial, shape.visible + shape.rows)
      .add(Traffic::kDram, shape.positions * shape.head_dim * kv_bytes_per_32(shape.type) / 16)
      .add(Traffic::kCache, (8 * shape.rows * shape.head_dim) + (8 * shape.visible));
}

}  // namespace frugal::kernels
