#pragma once

/// A new model: a shape, a vocabulary, and random numbers.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "frugal/format/tensor_file.h"

namespace frugal::train {

/// The shape of a model that does not exist yet.
struct Shape {
  std::string architecture = "llama";  ///< llama, or bert
  std::size_t layers = 0;
  std::size_t width = 0;
  std::size_t heads = 0;
  std::size_t kv_heads = 0;  ///< 0: as many as heads
  std::size_t feed_forward = 0;
  std::size_t context = 0;
  double rope_base = 10000.0;
  double norm_epsilon = 1e-5;
  bool tied = true;                      ///< llama: the output matrix is the embedding
  std::vector<std::string> labels = {};  ///< bert: names of the classifier's scores; empty: none
};

/// A model in memory with the vocabulary that `vocabulary` (the keys "tokenizer.…") describes.
///
/// Numbers: matrices N(0, 1 / cols), those that write into the residual stream divided by sqrt(2
///          layers); embeddings N(0, 0.02²); gains 1, biases 0.  The same seed gives the same file.
/// Errors:  kInvalidArgument for a shape that is none; kCorrupt for a vocabulary without tokens.
[[nodiscard]] std::shared_ptr<const format::TensorFile> blank_model(
    const Shape& shape, const format::Metadata& vocabulary, std::uint64_t seed);

}  // namespace frugal::train
