#include "frugal/train/blank.h"

#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/base/str.h"

namespace frugal::train {

namespace {

using format::MetaArray;
using format::Metadata;
using format::MetaValue;

constexpr double kEmbeddingDeviation = 0.02;

/// Collects tensors in memory that it shares with the file made of them.
class Builder {
 public:
  explicit Builder(std::uint64_t seed) : random_(seed) {}

  void matrix(const std::string& name, std::size_t rows, std::size_t cols, double deviation) {
    Random random = random_.fork(name);
    float* out = add(name + ".weight", {cols, rows});
    for (std::size_t i = 0; i < rows * cols; ++i) {
      out[i] = static_cast<float>(deviation * random.normal());
    }
  }
  void linear(const std::string& name, std::size_t rows, std::size_t cols, double scale = 1.0) {
    matrix(name, rows, cols, scale / std::sqrt(static_cast<double>(cols)));
  }
  void vector(const std::string& name, std::size_t length, float value) {
    std::fill_n(add(name, {length}), length, value);
  }
  void rms_norm(const std::string& name, std::size_t length) {
    vector(name + ".weight", length, 1.0F);
  }
  void layer_norm(const std::string& name, std::size_t length) {
    rms_norm(name, length);
    vector(name + ".bias", length, 0.0F);
  }
  void biased(const std::string& name, std::size_t rows, std::size_t cols, double scale = 1.0) {
    linear(name, rows, cols, scale);
    vector(name + ".bias", rows, 0.0F);
  }

  [[nodiscard]] std::shared_ptr<const format::TensorFile> finish(Metadata metadata) && {
    parts_.path = "new model";
    parts_.container = "memory";
    parts_.metadata = std::move(metadata);
    for (const format::TensorInfo& tensor : parts_.tensors) parts_.file_bytes += tensor.bytes;
    return std::make_shared<const format::TensorFile>(std::move(parts_));
  }

 private:
  float* add(const std::string& name, std::vector<std::uint64_t> dims) {
    std::uint64_t count = 1;
    for (const std::uint64_t extent : dims) count *= extent;
    auto numbers = std::make_shared<std::vector<float>>(count);
    parts_.tensors.push_back({.name = name,
                              .type = DType::kF32,
                              .dims = std::move(dims),
                              .bytes = count * sizeof(float),
                              .data = std::as_bytes(std::span(*numbers)).data()});
    parts_.owners.push_back(numbers);
    return numbers->data();
  }

  Random random_;
  format::TensorFileParts parts_;
};

void check(const Shape& s) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorKind::kInvalidArgument, "model: " + what);
  };
  if (s.architecture != "llama" && s.architecture != "bert") {
    refuse(str("architecture '{}', expected llama or bert", printable(s.architecture)));
  }
  if (s.layers == 0 || s.width == 0 || s.heads == 0 || s.feed_forward == 0 || s.context == 0) {
    refuse("layers, width, heads, feed_forward and context must be above 0");
  }
  if (s.width % s.heads != 0 || (s.width / s.heads) % 2 != 0) {
    refuse(str("{} heads for a width of {}, expected heads of one even length", s.heads, s.width));
  }
  if (s.kv_heads > 0 && s.heads % s.kv_heads != 0) {
    refuse(str("{} heads for {} kv_heads, expected a multiple", s.heads, s.kv_heads));
  }
}

std::size_t token_count(const Metadata& vocabulary) {
  const MetaArray* tokens = vocabulary.get_array("tokenizer.ggml.tokens");
  if (tokens == nullptr || tokens->values.empty()) {
    throw Error(ErrorKind::kCorrupt, "vocabulary: no tokens, expected 'tokenizer.ggml.tokens'");
  }
  return tokens->values.size();
}

void llama_tensors(Builder& builder, const Shape& s, std::size_t tokens) {
  const std::size_t kv = s.width / s.heads * (s.kv_heads > 0 ? s.kv_heads : s.heads);
  const double into_stream = 1.0 / std::sqrt(2.0 * static_cast<double>(s.layers));
  builder.matrix("token_embd", tokens, s.width, kEmbeddingDeviation);
  builder.rms_norm("output_norm", s.width);
  if (!s.tied) builder.linear("output", tokens, s.width);
  for (std::size_t i = 0; i < s.layers; ++i) {
    const auto named = [i](std::string_view role) { return str("blk.{}.{}", i, role); };
    builder.rms_norm(named("attn_norm"), s.width);
    builder.linear(named("attn_q"), s.width, s.width);
    builder.linear(named("attn_k"), kv, s.width);
    builder.linear(named("attn_v"), kv, s.width);
    builder.linear(named("attn_output"), s.width, s.width, into_stream);
    builder.rms_norm(named("ffn_norm"), s.width);
    builder.linear(named("ffn_gate"), s.feed_forward, s.width);
    builder.linear(named("ffn_up"), s.feed_forward, s.width);
    builder.linear(named("ffn_down"), s.width, s.feed_forward, into_stream);
  }
}

void bert_tensors(Builder& builder, const Shape& s, std::size_t tokens) {
  builder.matrix("token_embd", tokens, s.width, kEmbeddingDeviation);
  builder.matrix("position_embd", s.context, s.width, kEmbeddingDeviation);
  builder.matrix("token_types", 2, s.width, kEmbeddingDeviation);
  builder.layer_norm("token_embd_norm", s.width);
  if (!s.labels.empty()) {
    builder.biased("cls", s.width, s.width);
    builder.biased("cls.output", s.labels.size(), s.width);
  }
  for (std::size_t i = 0; i < s.layers; ++i) {
    const auto named = [i](std::string_view role) { return str("blk.{}.{}", i, role); };
    builder.biased(named("attn_q"), s.width, s.width);
    builder.biased(named("attn_k"), s.width, s.width);
    builder.biased(named("attn_v"), s.width, s.width);
    builder.biased(named("attn_output"), s.width, s.width);
    builder.layer_norm(named("attn_output_norm"), s.width);
    builder.biased(named("ffn_up"), s.feed_forward, s.width);
    builder.biased(named("ffn_down"), s.width, s.feed_forward);
    builder.layer_norm(named("layer_output_norm"), s.width);
  }
}

Metadata metadata_of(const Shape& s, const Metadata& vocabulary, std::size_t tokens) {
  Metadata out;
  const auto set = [&](std::string_view key, MetaValue value) {
    out.set(str("{}.{}", s.architecture, key), std::move(value));
  };
  const auto count = [](std::size_t n) { return MetaValue(static_cast<std::uint32_t>(n)); };
  out.set("general.architecture", s.architecture);
  out.set("general.quantization_version", std::uint32_t{2});
  set("context_length", count(s.context));
  set("embedding_length", count(s.width));
  set("block_count", count(s.layers));
  set("feed_forward_length", count(s.feed_forward));
  set("attention.head_count", count(s.heads));
  if (s.architecture == "llama") {
    set("attention.head_count_kv", count(s.kv_heads > 0 ? s.kv_heads : s.heads));
    set("attention.layer_norm_rms_epsilon", static_cast<float>(s.norm_epsilon));
    set("rope.dimension_count", count(s.width / s.heads));
    set("rope.freq_base", static_cast<float>(s.rope_base));
    set("vocab_size", count(tokens));
  } else {
    constexpr std::uint32_t kCls = 2;  // the classifier reads the first row
    set("attention.layer_norm_epsilon", static_cast<float>(s.norm_epsilon));
    set("attention.causal", false);
    set("pooling_type", kCls);
    out.set("tokenizer.ggml.token_type_count", std::uint32_t{2});
    if (!s.labels.empty()) {
      MetaArray labels{.element_type = 8, .values = {}};
      for (const std::string& label : s.labels) labels.values.emplace_back(label);
      set("classifier.output_labels", std::move(labels));
    }
  }
  for (const format::MetaEntry& entry : vocabulary.entries()) {
    if (entry.key.starts_with("tokenizer.")) out.set(entry.key, entry.value);
  }
  return out;
}

}  // namespace

std::shared_ptr<const format::TensorFile> blank_model(const Shape& shape,
                                                      const Metadata& vocabulary,
                                                      std::uint64_t seed) {
  check(shape);
  const std::size_t tokens = token_count(vocabulary);
  Builder builder(seed);
  if (shape.architecture == "llama") {
    llama_tensors(builder, shape, tokens);
  } else {
    bert_tensors(builder, shape, tokens);
  }
  return std::move(builder).finish(metadata_of(shape, vocabulary, tokens));
}

}  // namespace frugal::train
