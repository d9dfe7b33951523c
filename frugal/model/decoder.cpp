#include "frugal/model/decoder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "frugal/base/str.h"

namespace frugal::model {

namespace {

void check_heads(const Reader& reader, const Config& c) {
  if (c.heads % c.kv_heads != 0) {
    reader.corrupt(
        str("{} query heads for {} key-value heads, expected a multiple", c.heads, c.kv_heads));
  }
  if (reader.size_or("attention.key_length", c.head_dim, 65536) !=
      reader.size_or("attention.value_length", c.head_dim, 65536)) {
    reader.corrupt("attention.key_length and attention.value_length differ, expected one length");
  }
  if (c.head_dim == 0) {
    reader.corrupt(str("{} heads for a width of {}, expected at most one head per element", c.heads,
                       c.embedding));
  }
}

/// Rows [begin, begin + count) of a matrix, as a matrix.
Linear rows_of(const Linear& whole, std::size_t begin, std::size_t count) {
  Linear part = whole;
  part.weight.data += begin * whole.weight.row_bytes;
  part.weight.rows = count;
  if (!whole.bias.empty()) {
    const auto first = whole.bias.begin() + static_cast<std::ptrdiff_t>(begin);
    part.bias.assign(first, first + static_cast<std::ptrdiff_t>(count));
  }
  return part;
}

/// Reads the parts of one layer.
class LayerReader {
 public:
  LayerReader(const Reader& reader, const Config& config, const LayerParts& parts,
              std::size_t index)
      : reader_(reader), c_(config), parts_(parts), prefix_(str("blk.{}.", index)) {}

  [[nodiscard]] Layer read() const {
    Layer layer;
    layer.attention_norm = norm(parts_.attention_norm, c_.embedding);
    read_attention(layer);
    layer.attention_post_norm = norm(parts_.attention_post_norm, c_.embedding);
    layer.attention_end_norm = norm(parts_.attention_end_norm, c_.embedding);
    layer.mlp_norm = norm(parts_.mlp_norm, c_.embedding);
    read_mlp(layer);
    layer.mlp_post_norm = norm(parts_.mlp_post_norm, c_.embedding);
    layer.mlp_end_norm = norm(parts_.mlp_end_norm, c_.embedding);
    return layer;
  }

 private:
  [[nodiscard]] Norm norm(std::string_view role, std::size_t length) const {
    return role.empty() ? Norm{} : read_norm(reader_, c_.norm, named(role), length);
  }
  [[nodiscard]] Linear linear(Presence bias, std::string_view role, std::size_t rows,
                              std::size_t cols) const {
    return read_linear(reader_, bias, named(role), rows, cols);
  }
  [[nodiscard]] std::string named(std::string_view role) const {
    return str("{}{}", prefix_, role);
  }

  void read_attention(Layer& layer) const {
    const std::size_t q_width = c_.heads * c_.head_dim;
    const std::size_t kv_width = c_.kv_heads * c_.head_dim;
    const Presence bias = parts_.attention_bias;
    if (parts_.fused_attention) {
      const Linear qkv = linear(bias, "attn_qkv", q_width + (2 * kv_width), c_.embedding);
      layer.query = rows_of(qkv, 0, q_width);
      layer.key = rows_of(qkv, q_width, kv_width);
      layer.value = rows_of(qkv, q_width + kv_width, kv_width);
    } else {
      layer.query = linear(bias, "attn_q", q_width, c_.embedding);
      layer.key = linear(bias, "attn_k", kv_width, c_.embedding);
      layer.value = linear(bias, "attn_v", kv_width, c_.embedding);
    }
    if (parts_.head_norms) {
      layer.query_norm = norm("attn_q_norm", c_.head_dim);
      layer.key_norm = norm("attn_k_norm", c_.head_dim);
    }
    layer.attention_output = linear(parts_.output_bias, "attn_output", c_.embedding, q_width);
  }

  void read_mlp(Layer& layer) const {
    const Presence bias = parts_.output_bias;
    if (parts_.fused_gate) {
      const Linear both = linear(bias, "ffn_up", 2 * c_.feed_forward, c_.embedding);
      layer.gate = rows_of(both, 0, c_.feed_forward);
      layer.up = rows_of(both, c_.feed_forward, c_.feed_forward);
    } else {
      if (parts_.gated) layer.gate = linear(bias, "ffn_gate", c_.feed_forward, c_.embedding);
      layer.up = linear(bias, "ffn_up", c_.feed_forward, c_.embedding);
    }
    layer.down = linear(bias, "ffn_down", c_.embedding, c_.feed_forward);
  }

  const Reader& reader_;
  const Config& c_;
  const LayerParts& parts_;
  std::string prefix_;
};

// YaRN keeps fast-turning pairs as they are, divides slow ones by `factor`, and blends between.
// Source: Peng et al. 2023, arXiv:2309.00071, section 3.4; the constants 32 and 1 are its beta.
Angles yarn(const Reader& reader, const Config& c, double base, double factor) {
  Angles angles{.frequencies = rope_frequencies(base, c.rope_dims)};
  const auto context =
      static_cast<double>(reader.size_or("rope.scaling.original_context_length", c.context_length));
  const auto dims = static_cast<double>(c.rope_dims);
  // The pair that turns `turns` times within the original context.
  const auto pair_of = [&](double turns) {
    return dims * std::log(context / (turns * 2.0 * std::numbers::pi)) / (2.0 * std::log(base));
  };
  const double low = std::max(0.0, std::floor(pair_of(32.0)));
  const double high = std::min(dims - 1.0, std::ceil(pair_of(1.0)));
  for (std::size_t i = 0; i < angles.frequencies.size(); ++i) {
    const double ramp = (static_cast<double>(i) - low) / std::max(0.001, high - low);
    const double kept = 1.0 - std::clamp(ramp, 0.0, 1.0);
    angles.frequencies[i] *= kept + ((1.0 - kept) / factor);
  }
  angles.magnitude =
      static_cast<float>((1.0 + (0.1 * std::log(factor))) *
                         static_cast<double>(reader.positive_or("rope.scaling.attn_factor", 1.0F)));
  return angles;
}

// Divides each frequency by its number in the tensor.
void divide(const Reader& reader, const std::string& tensor, std::vector<double>& frequencies) {
  const std::vector<float> divisors = reader.vector(tensor, frequencies.size());
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    if (divisors[i] <= 0.0F) {
      reader.corrupt(
          str("tensor '{}': element {} is {}, expected a divisor above 0", tensor, i, divisors[i]));
    }
    frequencies[i] /= static_cast<double>(divisors[i]);
  }
}

// Two sets of divisors: the short one while the sequence has room for no more than the context the
// model was first trained for, the long one beyond.
// Source: Ding et al. 2024, arXiv:2402.13753.
void read_long_rotation(const Reader& reader, const Config& c, Rotation& rotation) {
  rotation.usual.magnitude = reader.positive_or("rope.scaling.attn_factor", 1.0F);
  rotation.extended = rotation.usual;
  divide(reader, "rope_factors_short.weight", rotation.usual.frequencies);
  divide(reader, "rope_factors_long.weight", rotation.extended.frequencies);
  rotation.usual_context = reader.size_or("rope.scaling.original_context_length", c.context_length);
}

}  // namespace

std::vector<double> rope_frequencies(double base, std::size_t dims) {
  std::vector<double> frequencies(dims / 2);
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    frequencies[i] = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(dims));
  }
  return frequencies;
}

Norm read_norm(const Reader& reader, NormKind kind, const std::string& name, std::size_t length) {
  Norm norm;
  norm.name = name;
  norm.gain = reader.vector(name + ".weight", length);
  if (kind == NormKind::kLayer) norm.bias = reader.vector(name + ".bias", length);
  return norm;
}

Linear read_linear(const Reader& reader, Presence bias, const std::string& name, std::size_t rows,
                   std::size_t cols) {
  Linear linear{.weight = reader.weight(name + ".weight", rows, cols), .bias = {}};
  const bool has = bias != Presence::kNever && reader.has(name + ".bias");
  if (has || bias == Presence::kAlways) linear.bias = reader.vector(name + ".bias", rows);
  return linear;
}

void read_shape(const Reader& reader, Config& c) {
  c.context_length = reader.size("context_length", std::size_t{1} << 30U);
  c.embedding = reader.size("embedding_length");
  c.layers = reader.size("block_count", 1024);
  c.feed_forward = reader.size("feed_forward_length");
  c.heads = reader.size("attention.head_count", 4096);
  c.kv_heads = reader.size_or("attention.head_count_kv", c.heads, 4096);
  c.head_dim = reader.size_or("attention.key_length", c.embedding / c.heads, 65536);
  check_heads(reader, c);
  c.norm_epsilon = reader.positive_or(c.norm == NormKind::kRms ? "attention.layer_norm_rms_epsilon"
                                                               : "attention.layer_norm_epsilon",
                                      1e-5F);
  c.query_scale = 1.0F / std::sqrt(static_cast<float>(c.head_dim));
  c.vocab_size = static_cast<std::size_t>(reader.tensor("token_embd.weight").rows());
}

void read_rotation(const Reader& reader, Model& model) {
  Config& c = model.config;
  c.rope_dims = reader.size_or("rope.dimension_count", c.head_dim, 65536);
  if (c.rope_dims % 2 != 0 || c.rope_dims > c.head_dim) {
    reader.corrupt(str("{} rotated dimensions of {} in a head, expected an even part of it",
                       c.rope_dims, c.head_dim));
  }
  const auto base = static_cast<double>(reader.positive_or("rope.freq_base", 10000.0F));
  const auto factor = static_cast<double>(reader.positive_or("rope.scaling.factor", 1.0F));
  const std::string scaling = reader.string_or("rope.scaling.type", "none");
  Rotation rotation;
  if (scaling == "yarn") {
    rotation.usual = yarn(reader, c, base, factor);
  } else if (scaling == "linear" || scaling == "none" || scaling == "longrope") {
    rotation.usual.frequencies = rope_frequencies(base, c.rope_dims);
    for (double& f : rotation.usual.frequencies) f /= scaling == "linear" ? factor : 1.0;
  } else {
    reader.unsupported(
        str("rope scaling '{}', expected none, linear, yarn or longrope", printable(scaling)));
  }
  if (reader.has("rope_freqs.weight")) {
    divide(reader, "rope_freqs.weight", rotation.usual.frequencies);
  }
  // Phi 3 has the tensors without the type.
  if (scaling == "longrope" || reader.has("rope_factors_long.weight")) {
    read_long_rotation(reader, c, rotation);
  }
  model.rotations.push_back(std::move(rotation));
}

void read_ends(const Reader& reader, Model& model) {
  const Config& c = model.config;
  model.token_embedding = reader.weight("token_embd.weight", c.vocab_size, c.embedding);
  model.output_norm = read_norm(reader, c.norm, "output_norm", c.embedding);
  if (reader.has("output.weight")) {
    model.output = read_linear(reader, Presence::kMaybe, "output", c.vocab_size, c.embedding);
  } else {
    model.output.weight = model.token_embedding;
  }
}

void read_layers(const Reader& reader, const LayerParts& parts, Model& model) {
  for (std::size_t index = 0; index < model.config.layers; ++index) {
    model.layers.push_back(LayerReader(reader, model.config, parts, index).read());
  }
}

void read_exits(const Reader& reader, Model& model) {
  const std::vector<std::size_t> layers = reader.indices(kExitLayers, model.config.layers);
  if (!layers.empty() && model.output.weight.empty()) {
    reader.corrupt(str("key '{}' in a model without an output matrix, expected none", kExitLayers));
  }
  for (const std::size_t layer : layers) {
    model.layers[layer].exit_norm = read_norm(
        reader, model.config.norm, str("blk.{}.exit_norm", layer), model.config.embedding);
  }
}

}  // namespace frugal::model
