#pragma once

/// A network: its shape, its weights by role, its vocabulary.  Nothing here computes.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frugal/format/gguf.h"
#include "frugal/tensor/dtype.h"
#include "frugal/text/tokenizer.h"

namespace frugal::model {

/// The numbers that fix a decoder's shape.
struct Config {
  std::string architecture;        ///< `general.architecture`
  std::size_t vocab_size = 0;      ///< rows of the output matrix
  std::size_t context_length = 0;  ///< positions it was trained for
  std::size_t embedding = 0;       ///< width of the residual stream
  std::size_t layers = 0;
  std::size_t heads = 0;         ///< query heads
  std::size_t kv_heads = 0;      ///< key and value heads; divides `heads`
  std::size_t head_dim = 0;      ///< length of one query, key or value
  std::size_t feed_forward = 0;  ///< hidden width of the gated MLP
  std::size_t rope_dims = 0;     ///< leading elements of a head that are rotated; even
  float rope_base = 10000.0F;
  float rope_scale = 1.0F;  ///< positions are divided by it (linear scaling)
  float rms_epsilon = 1e-5F;
};

/// A stored matrix [rows, cols] in the file's memory, row-major, `row_bytes` apart.
struct Weight {
  std::string name;
  DType type = DType::kF32;
  const std::byte* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t row_bytes = 0;

  [[nodiscard]] std::size_t bytes() const { return rows * row_bytes; }
};

/// Weights of one decoder layer, by role.
struct Layer {
  std::vector<float> attention_norm;  ///< [embedding]
  Weight query;                       ///< [heads * head_dim, embedding]
  Weight key;                         ///< [kv_heads * head_dim, embedding]
  Weight value;                       ///< [kv_heads * head_dim, embedding]
  Weight attention_output;            ///< [embedding, heads * head_dim]
  std::vector<float> mlp_norm;        ///< [embedding]
  Weight gate;                        ///< [feed_forward, embedding]
  Weight up;                          ///< [feed_forward, embedding]
  Weight down;                        ///< [embedding, feed_forward]
};

/// A decoder whose weights lie in a mapped file that it keeps open.
struct Model {
  std::shared_ptr<const format::TensorFile> file;
  Config config;
  Weight token_embedding;  ///< [vocab_size, embedding]
  std::vector<Layer> layers;
  std::vector<float> output_norm;    ///< [embedding]
  Weight output;                     ///< [vocab_size, embedding]; the token embedding when tied
  std::vector<float> rope_divisors;  ///< [rope_dims / 2] divides each frequency; empty: all 1
  std::shared_ptr<const text::Tokenizer> tokenizer;  ///< null: none that this build can use

  /// Bytes of all weights, a tied one once.
  [[nodiscard]] std::uint64_t weight_bytes() const;
};

/// Opens and describes a model file.
///
/// Errors: those of TensorFile::open; kUnsupported for an architecture or weight type this build
/// does
///         not run (the message lists what it runs); kCorrupt for a missing or misshapen tensor or
///         key, with its name and the shape that was expected; kCorrupt for a norm weight that is
///         not finite.
[[nodiscard]] Model load(const std::filesystem::path& path);
[[nodiscard]] Model describe(std::shared_ptr<const format::TensorFile> file);

/// Where the first weight that is not a finite number stands, in words; empty when all are finite.
/// Reads the whole model: for explaining a failure, not for each start.
[[nodiscard]] std::string first_non_finite(const Model& model);

/// The vocabulary of a file, which need hold no weights.
/// Errors: kCorrupt, kUnsupported as make_tokenizer; kCorrupt when there is none.
[[nodiscard]] std::shared_ptr<const text::Tokenizer> load_tokenizer(const format::TensorFile& file);

}  // namespace frugal::model
