#pragma once

/// Private to this folder: the arithmetic of a layer, with gradients.
///
/// Each function is a formula over tensors, run by LibTorch on whatever device they are on; the
/// formulas and their order are those of `kernels`.

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "frugal/model/model.h"

namespace frugal::train {

using at::Tensor;

/// Neighbouring tokens of one segment, and the shared beginning of their row.
struct Block {
  std::int64_t begin = 0;  ///< among all tokens of the batch
  std::int64_t length = 0;
  std::int64_t shared_begin = 0;
  std::int64_t shared_length = 0;  ///< 0 for the shared beginning itself
};

/// Which token sees which in a batch of `rows` rows of `length` tokens.
///
/// Token i of a row sees token j of the same row when their segments are equal or j's is 0, the
/// shared beginning; in a causal model also j must not come after i, and with a window its position
/// must be one of the latest `window`.  Padding (segment -1) sees itself alone.
class Visibility {
 public:
  /// Shapes: segments, positions: int64 [rows * length].
  Visibility(Tensor segments, Tensor positions, std::int64_t rows, std::vector<Block> blocks,
             bool causal);

  /// 0 where visible, -infinity elsewhere: [rows, 1, length, length].
  [[nodiscard]] const Tensor& mask(std::size_t window);
  /// The same for the tokens of block `index`: [length, shared_length + length]; undefined where
  /// all are visible.  Made once, for all layers.
  [[nodiscard]] const Tensor& mask_of(std::size_t index);
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  [[nodiscard]] std::int64_t rows() const { return rows_; }

 private:
  struct Mask {
    std::size_t window;
    Tensor values;
  };
  Tensor segments_;
  Tensor positions_;
  std::int64_t rows_;
  std::vector<Block> blocks_;
  bool causal_;
  std::vector<Mask> masks_;          ///< by window; a model has one or two
  std::vector<Tensor> block_masks_;  ///< by block, where asked for
};

/// x * gain / sqrt(mean(x^2) + epsilon) over the last dimension.
[[nodiscard]] Tensor rms_norm(const Tensor& x, const Tensor& gain, double epsilon);

/// (x - mean(x)) * gain / sqrt(variance(x) + epsilon) + bias over the last dimension.
[[nodiscard]] Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias,
                                double epsilon);

/// Turns pairs of elements of each head: (a, b) -> (a cos - b sin, a sin + b cos).
///
/// Shapes: x: [tokens, heads, head_dim]; cosines, sines: [tokens, pairs]; the elements after the
///         first 2 * pairs of a head stay.
[[nodiscard]] Tensor rotate(const Tensor& x, const Tensor& cosines, const Tensor& sines,
                            model::RopePairs pairs);

/// softmax(scale * q k^T + mask) v, head by head; query head h reads kv head h / (heads /
/// kv_heads).  With a softcap above 0, scores become softcap * tanh(score / softcap).
///
/// On a CPU and without a window, block by block: no score is computed that the mask would hide.
///
/// Shapes: q: [tokens, heads, head_dim]; k, v: [tokens, kv_heads, head_dim]; result: [tokens, heads
///         * head_dim]; tokens = rows * length of `visible`.  Padding gets any numbers.
[[nodiscard]] Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v,
                            const model::Config& config, Visibility& visible, std::size_t window);
/// Both ways of doing it, for tests.
[[nodiscard]] Tensor attend_by_mask(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const model::Config& config, const Tensor& mask);
[[nodiscard]] Tensor attend_by_block(const Tensor& q, const Tensor& k, const Tensor& v,
                                     const model::Config& config, Visibility& visible);

/// act(gate) * up, or act(up) without a gate.
[[nodiscard]] Tensor activate(model::Activation activation, const Tensor& gate, const Tensor& up);

}  // namespace frugal::train
