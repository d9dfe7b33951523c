#pragma once

/// Private to this folder: attention over documents that lie side by side in one batch.

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace frugal::train {

using at::Tensor;

/// Neighbouring tokens of one segment, and the shared beginning of their row.
struct Block {
  std::int64_t begin = 0;  ///< among all tokens of the batch
  std::int64_t length = 0;
  std::int64_t shared_begin = 0;
  std::int64_t shared_length = 0;  ///< 0 for the shared beginning itself
};

/// softmax(scale * q k^T) v for the tokens of each block over its shared beginning and itself (in a
/// causal model: itself up to the token), with its own gradient: no score is computed that another
/// document's mask would hide, and the scores of a block stay in the cache of the core that made
/// them.
///
/// Shapes:  q: [tokens, heads, head_dim]; k, v: [tokens, kv_heads, head_dim], float32 on the CPU;
///          query head h reads kv head h / (heads / kv_heads).  Result: [tokens, heads * head_dim],
///          0 for tokens of no block.
/// Numbers: the probabilities are kept for the gradient: heads * length * (shared_length + length)
///          floats per block.
/// Threads: one task per block and kv head, as many at once as LibTorch has threads.
/// Twin:    attend_by_mask in ops.h.
[[nodiscard]] Tensor attend_by_block(const Tensor& q, const Tensor& k, const Tensor& v,
                                     double scale, const std::vector<Block>& blocks, bool causal);

}  // namespace frugal::train
