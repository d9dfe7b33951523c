#pragma once

/// Private to this folder: the activations of one batch, allocated once.

#include <cstddef>
#include <vector>

#include "frugal/model/model.h"
#include "frugal/tensor/blocks.h"
#include "frugal/tensor/view.h"

namespace frugal::engine {

/// Row-major floats that grow but never shrink.
class Buffer {
 public:
  /// Room for [rows, cols]; contents are not kept.
  MatrixView<float> shape(std::size_t rows, std::size_t cols) {
    if (data_.size() < rows * cols) data_.resize(rows * cols);
    return {data_.data(), rows, cols, cols};
  }

 private:
  std::vector<float> data_;
};

/// Shapes: `batch` rows each unless said otherwise.
struct Scratch {
  Buffer residual;                ///< [batch, embedding]
  Buffer normed;                  ///< [batch, embedding]
  Buffer query;                   ///< [batch, heads * head_dim]
  Buffer key;                     ///< [batch, kv_heads * head_dim]
  Buffer value;                   ///< [batch, kv_heads * head_dim]
  Buffer attended;                ///< [batch, heads * head_dim]
  Buffer gate;                    ///< [batch, feed_forward]
  Buffer up;                      ///< [batch, feed_forward]
  Buffer delta;                   ///< [batch, embedding]: what a sublayer adds
  Buffer scores;                  ///< [threads, positions]
  Buffer cosines;                 ///< [batch, rope_dims / 2]
  Buffer sines;                   ///< [batch, rope_dims / 2]
  Buffer logits;                  ///< [wanted rows, vocab_size]
  std::vector<BlockQ8_0> blocks;  ///< [batch, widest input / 32]
};

}  // namespace frugal::engine
