#pragma once

/// Private to this folder: the activations of one batch, allocated once.

#include <cstddef>
#include <vector>

#include "frugal/kernels/quantize.h"
#include "frugal/model/model.h"
#include "frugal/tensor/view.h"

namespace frugal::engine {

/// Row-major floats that grow but never shrink.
class Buffer {
 public:
  /// Makes room for [rows, cols]; contents are not kept.  Before the team starts, never within.
  MatrixView<float> shape(std::size_t rows, std::size_t cols) {
    if (data_.size() < rows * cols) data_.resize(rows * cols);
    rows_ = rows;
    cols_ = cols;
    return view();
  }
  /// What was shaped last.  Threads: safe from all.
  [[nodiscard]] MatrixView<float> view() { return {data_.data(), rows_, cols_, cols_}; }

 private:
  std::vector<float> data_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// The first rows of a matrix.
template <class T>
[[nodiscard]] MatrixView<T> first_rows(const MatrixView<T>& whole, std::size_t rows) {
  return {whole.data, rows, whole.cols, whole.stride};
}

[[nodiscard]] inline MatrixView<const float> read_only(const MatrixView<float>& m) {
  return {m.data, m.rows, m.cols, m.stride};
}

/// Cosines and sines of one rotation, [batch, rope_dims / 2] each.
struct Turn {
  Buffer cosines;
  Buffer sines;
};

/// Shapes: `batch` rows each unless said otherwise.
struct Scratch {
  Buffer residual;                   ///< [batch, embedding]
  Buffer normed;                     ///< [batch, embedding]: what the next sublayer reads
  Buffer query;                      ///< [batch, heads * head_dim]
  Buffer key;                        ///< [batch, kv_heads * head_dim]
  Buffer value;                      ///< [batch, kv_heads * head_dim]
  Buffer attended;                   ///< [batch, heads * head_dim]
  Buffer gate;                       ///< [batch, feed_forward]
  Buffer up;                         ///< [batch, feed_forward]
  Buffer delta;                      ///< [batch, embedding]: what a sublayer adds
  std::vector<Turn> turns;           ///< one per rotation of the model
  Buffer chosen;                     ///< [wanted rows, embedding]: rows that get logits
  Buffer logits;                     ///< [wanted rows, vocab_size]
  Buffer exit_logits;                ///< [rows that may exit, vocab_size]
  Buffer last_logits;                ///< [wanted rows that did not exit, vocab_size]
  kernels::QuantizedRows quantized;  ///< [batch, width of the input]

  /// Shapes everything but `chosen`, `logits`, `last_logits` and `quantized` for `batch` rows.
  /// `exits`: rows of the batch that may exit.
  void fit(const model::Model& model, std::size_t batch, std::size_t exits) {
    const model::Config& c = model.config;
    for (Buffer* buffer : {&residual, &normed, &delta}) buffer->shape(batch, c.embedding);
    for (Buffer* buffer : {&query, &attended}) buffer->shape(batch, c.heads * c.head_dim);
    for (Buffer* buffer : {&key, &value}) buffer->shape(batch, c.kv_heads * c.head_dim);
    for (Buffer* buffer : {&gate, &up}) buffer->shape(batch, c.feed_forward);
    exit_logits.shape(exits, c.vocab_size);
    turns.resize(model.rotations.size());
    for (Turn& turn : turns) {
      turn.cosines.shape(batch, c.rope_dims / 2);
      turn.sines.shape(batch, c.rope_dims / 2);
    }
  }
};

}  // namespace frugal::engine
