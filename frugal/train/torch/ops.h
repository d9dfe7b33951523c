#pragma once

/// Private to this folder: the arithmetic of a layer, with gradients.
///
/// Each function is a formula over tensors, run by LibTorch on whatever device they are on; the
/// formulas and their order are those of `kernels`.

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "frugal/model/model.h"
#include "frugal/train/torch/block_attention.h"

namespace frugal::train {

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
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] bool causal() const { return causal_; }

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
  std::vector<Mask> masks_;  ///< by window; a model has one or two
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
/// On a CPU, without a window and without a softcap, block by block.
///
/// Shapes: q: [tokens, heads, head_dim]; k, v: [tokens, kv_heads, head_dim]; result: [tokens, heads
///         * head_dim]; tokens = rows * length of `visible`.  Padding gets any numbers.
[[nodiscard]] Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v,
                            const model::Config& config, Visibility& visible, std::size_t window);
/// The general way: all scores, then the mask.
[[nodiscard]] Tensor attend_by_mask(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const model::Config& config, const Tensor& mask);

/// act(gate) * up, or act(up) without a gate.
[[nodiscard]] Tensor activate(model::Activation activation, const Tensor& gate, const Tensor& up);

}  // namespace frugal::train
