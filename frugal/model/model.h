#pragma once

/// A network: its shape, its weights by role, its vocabulary.  Nothing here computes.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/format/gguf.h"
#include "frugal/tensor/dtype.h"
#include "frugal/text/tokenizer.h"

namespace frugal::model {

/// Root mean square (gain only) or layer norm (mean subtracted, gain and bias).
enum class NormKind { kRms, kLayer };

/// down(act(gate x) * up x), or down(act(up x)) without a gate.
enum class Activation { kSiluGated, kGeluGated, kGelu };

/// Which two elements of a head are rotated together: (2i, 2i + 1), or (i, i + rope_dims / 2).
enum class RopePairs { kInterleaved, kHalves };

/// How an encoder's rows become one vector.
enum class Pooling { kNone, kMean, kCls, kLast, kRank };

/// The numbers that fix a network's shape and its arithmetic.
struct Config {
  std::string architecture;        ///< `general.architecture`
  std::size_t vocab_size = 0;      ///< rows of the embedding
  std::size_t context_length = 0;  ///< positions it was trained for
  std::size_t embedding = 0;       ///< width of the residual stream
  std::size_t layers = 0;
  std::size_t heads = 0;         ///< query heads
  std::size_t kv_heads = 0;      ///< key and value heads; divides `heads`
  std::size_t head_dim = 0;      ///< length of one query, key or value
  std::size_t feed_forward = 0;  ///< hidden width of the MLP
  std::size_t rope_dims = 0;     ///< leading elements of a head that are rotated; even, 0: none
  RopePairs rope_pairs = RopePairs::kInterleaved;
  NormKind norm = NormKind::kRms;
  float norm_epsilon = 1e-5F;
  Activation activation = Activation::kSiluGated;
  float embedding_scale = 1.0F;    ///< multiplies token embeddings
  float query_scale = 1.0F;        ///< multiplies attention scores; mostly 1 / sqrt(head_dim)
  float attention_softcap = 0.0F;  ///< scores become cap * tanh(score / cap); 0: as they are
  float logit_softcap = 0.0F;      ///< likewise for logits
  bool causal = true;              ///< false: an encoder, whose tokens see each other
  Pooling pooling = Pooling::kNone;
};

/// A stored matrix [rows, cols] in the file's memory, row-major, `row_bytes` apart.
struct Weight {
  std::string name;
  DType type = DType::kF32;
  const std::byte* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t row_bytes = 0;

  [[nodiscard]] bool empty() const { return data == nullptr; }
  [[nodiscard]] std::size_t bytes() const { return rows * row_bytes; }
};

/// y = weight x + bias
struct Linear {
  Weight weight;
  std::vector<float> bias = {};  ///< [weight.rows], or empty
};

/// Gain and bias of a normalisation; both empty: there is none at this place.
struct Norm {
  std::vector<float> gain;
  std::vector<float> bias;  ///< empty for root mean square
  std::string name = {};    ///< "blk.0.attn_norm": its tensors' names without ".weight", ".bias"

  [[nodiscard]] bool empty() const { return gain.empty(); }
};

/// Key of a u32 array: the layers after which the network may answer already, from 0.
inline constexpr std::string_view kExitLayers = "frugal.exit.layers";

/// Weights of one layer, by role.  With every norm that is empty left out:
///
///   h = attention_norm(x);  q, k, v = query h, key h, value h
///   q, k = rotate(query_norm(q)), rotate(key_norm(k))                 norms run over each head
///   x = attention_end_norm(x + attention_post_norm(attention_output attend(q, k, v)))
///   h = mlp_norm(x);  x = mlp_end_norm(x + mlp_post_norm(down(act(gate h) * up h)))
struct Layer {
  Norm attention_norm;
  Linear query;  ///< [heads * head_dim, embedding]
  Linear key;    ///< [kv_heads * head_dim, embedding]
  Linear value;  ///< [kv_heads * head_dim, embedding]
  Norm query_norm;
  Norm key_norm;
  Linear attention_output;  ///< [embedding, heads * head_dim]
  Norm attention_post_norm;
  Norm attention_end_norm;
  Norm mlp_norm;
  Linear gate;  ///< [feed_forward, embedding]; empty without a gate
  Linear up;    ///< [feed_forward, embedding]
  Linear down;  ///< [embedding, feed_forward]
  Norm mlp_post_norm;
  Norm mlp_end_norm;
  Norm exit_norm;            ///< logits after this layer: output(exit_norm(x)); empty: no exit
  std::size_t rotation = 0;  ///< which of Model::rotations
  std::size_t window = 0;    ///< latest positions that a token sees; 0: all
};

/// angle(p, i) = p * frequencies[i]; cosine and sine are multiplied by `magnitude`.
struct Angles {
  std::vector<double> frequencies;  ///< [rope_dims / 2]
  float magnitude = 1.0F;
};

/// Positions to angles, for the layers that share it.
struct Rotation {
  Angles usual;
  Angles extended = {};           ///< for sequences with room for more than `usual_context`
  std::size_t usual_context = 0;  ///< 0: there is no `extended`

  /// For a sequence with room for so many positions.
  [[nodiscard]] const Angles& angles_for(std::size_t positions) const {
    return usual_context > 0 && positions > usual_context ? extended : usual;
  }
};

/// What an encoder puts on the pooled row to answer with scores: output(tanh(dense row)).
struct Classifier {
  Linear dense;                     ///< [embedding, embedding]; may be empty
  Linear output;                    ///< [labels, embedding]
  std::vector<std::string> labels;  ///< names of the scores, where the file gives them
};

/// A network whose weights lie in a mapped file that it keeps open.
struct Model {
  std::shared_ptr<const format::TensorFile> file;
  Config config;
  Weight token_embedding;             ///< [vocab_size, embedding]
  Weight position_embedding;          ///< [context_length, embedding]; empty with rotation
  std::vector<float> type_embedding;  ///< [embedding], added to every token; or empty
  Norm embedding_norm;
  std::vector<Layer> layers;
  std::vector<Rotation> rotations;
  Norm output_norm;
  Linear output;  ///< [vocab_size, embedding]; the token embedding when tied, empty for encoders
  std::optional<Classifier> classifier;
  std::shared_ptr<const text::Tokenizer> tokenizer;  ///< null: none that this build can use

  /// Bytes of all weights, a tied one once.
  [[nodiscard]] std::uint64_t weight_bytes() const;
  [[nodiscard]] bool tied() const { return output.weight.data == token_embedding.data; }
  /// Layers after which the network was trained to answer, in order.
  [[nodiscard]] std::vector<std::size_t> exits() const;
};

/// Opens and describes a model file or folder (see huggingface.h).
///
/// Errors: those of open_tensors; kUnsupported for an architecture or weight type this build does
///         not run (the message lists what it runs); kCorrupt for a missing or misshapen tensor or
///         key, with its name and the shape that was expected; kCorrupt for a norm weight that is
///         not finite.
[[nodiscard]] Model load(const std::filesystem::path& path);
[[nodiscard]] Model describe(std::shared_ptr<const format::TensorFile> file);

/// Where the weight begins in the tensor it is named after, which may hold others too (fused ones).
[[nodiscard]] std::size_t first_row_of(const Model& model, const Weight& weight);

/// Where the first weight that is not a finite number stands, in words; empty when all are finite.
/// Reads the whole model: for explaining a failure, not for each start.
[[nodiscard]] std::string first_non_finite(const Model& model);

/// The vocabulary of a file, which need hold no weights.
/// Errors: kCorrupt, kUnsupported as make_tokenizer; kCorrupt when there is none.
[[nodiscard]] std::shared_ptr<const text::Tokenizer> load_tokenizer(const format::TensorFile& file);

}  // namespace frugal::model
