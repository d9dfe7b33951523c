#include "tests/support/tiny_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "frugal/base/str.h"
#include "frugal/tensor/codec.h"

namespace frugal::test {

namespace {

using format::MetaArray;
using format::MetaValue;

constexpr std::array<std::string_view, 12> kWords = {"the",  "and", "was",  "she", "in",  "day",
                                                     "they", "to",  "play", "big", "red", "ball"};

/// What the layers of an architecture are called and have, beyond llama's.
struct Anatomy {
  bool learned_positions = false;
  bool layer_norms = false;  // with biases
  bool fused_attention = false;
  bool fused_gate = false;
  bool gated = true;
  bool attention_bias = false;
  bool all_biases = false;
  bool head_norms = false;
  bool encoder = false;
  std::vector<std::string> norms = {"attn_norm", "ffn_norm"};
};

Anatomy anatomy_of(const std::string& architecture) {
  Anatomy a;
  if (architecture == "qwen2") a.attention_bias = true;
  if (architecture == "qwen3") a.head_norms = true;
  if (architecture == "gemma3") {
    a.head_norms = true;
    a.norms = {"attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"};
  }
  if (architecture == "phi3") a.fused_attention = a.fused_gate = true;
  if (architecture == "gpt2" || architecture == "bert") {
    a.learned_positions = a.layer_norms = a.attention_bias = a.all_biases = true;
    a.gated = false;
  }
  if (architecture == "gpt2") a.fused_attention = true;
  if (architecture == "bert") {
    a.encoder = true;
    a.norms = {"attn_output_norm", "layer_output_norm"};
  }
  return a;
}

/// Collects the tensors of a model in the order of the file.
class Plan {
 public:
  explicit Plan(const TinyModel& m) : m_(m), a_(anatomy_of(m.architecture)) {}

  std::vector<TinyTensor> make() {
    matrix("token_embd", kTinyVocabulary, m_.embedding);
    if (a_.learned_positions) matrix("position_embd", m_.context, m_.embedding);
    if (a_.encoder) matrix("token_types", 2, m_.embedding);
    norm(a_.encoder ? "token_embd_norm" : "output_norm", m_.embedding);
    if (!a_.encoder && !m_.tied) matrix("output", kTinyVocabulary, m_.embedding);
    if (m_.rope_freqs) vector("rope_freqs.weight", m_.embedding / m_.heads / 2);
    for (std::size_t i = 0; i < m_.layers; ++i) layer(str("blk.{}.", i));
    // Last, so that all else is as in the model without them.
    for (const std::uint32_t i : m_.exits) norm(str("blk.{}.exit_norm", i), m_.embedding);
    return plans_;
  }

 private:
  void vector(const std::string& name, std::size_t length) { plans_.push_back({name, 1, length}); }
  void matrix(const std::string& name, std::size_t rows, std::size_t cols, bool bias = false) {
    plans_.push_back({name + ".weight", rows, cols});
    if (bias) vector(name + ".bias", rows);
  }
  void norm(const std::string& name, std::size_t length) {
    vector(name + ".weight", length);
    if (a_.layer_norms) vector(name + ".bias", length);
  }
  void layer(const std::string& at) {
    const std::size_t head_dim = m_.embedding / m_.heads;
    const std::size_t kv = m_.kv_heads * head_dim;
    const std::size_t width = m_.embedding;
    for (const std::string& name : a_.norms) norm(at + name, width);
    if (a_.fused_attention) {
      matrix(at + "attn_qkv", width + (2 * kv), width, a_.attention_bias);
    } else {
      matrix(at + "attn_q", width, width, a_.attention_bias);
      matrix(at + "attn_k", kv, width, a_.attention_bias);
      matrix(at + "attn_v", kv, width, a_.attention_bias);
    }
    if (a_.head_norms) {
      norm(at + "attn_q_norm", head_dim);
      norm(at + "attn_k_norm", head_dim);
    }
    matrix(at + "attn_output", width, width, a_.all_biases);
    if (a_.gated && !a_.fused_gate) matrix(at + "ffn_gate", m_.feed_forward, width);
    matrix(at + "ffn_up", (a_.fused_gate ? 2 : 1) * m_.feed_forward, width, a_.all_biases);
    matrix(at + "ffn_down", width, m_.feed_forward, a_.all_biases);
  }

  const TinyModel& m_;
  Anatomy a_;
  std::vector<TinyTensor> plans_;
};

// Uniform numbers of unit variance over sqrt(cols); norms and frequencies near 1.
std::vector<float> make_values(const TinyTensor& plan, std::mt19937_64& random) {
  std::vector<float> values(plan.rows * plan.cols);
  const float scale = std::sqrt(3.0F / static_cast<float>(plan.cols));
  for (float& value : values) {
    const float unit = (static_cast<float>(random() >> 40U) * 0x1p-23F) - 1.0F;
    value = plan.rows == 1 ? 1.0F + (0.1F * unit) : scale * unit;
  }
  return values;
}

template <class T>
MetaArray array_of(std::uint32_t type, const std::vector<T>& values) {
  MetaArray array;
  array.element_type = type;
  for (const T& value : values) array.values.emplace_back(value);
  return array;
}

void add_vocabulary(format::Metadata& meta) {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types = {2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    tokens.push_back(str("<0x{:02X}>", byte));
    types.push_back(6);
  }
  tokens.emplace_back("\xE2\x96\x81");  // the space of SPM, U+2581
  for (char letter = 'a'; letter <= 'z'; ++letter) tokens.emplace_back(1, letter);
  for (const std::string_view word : kWords) tokens.push_back("\xE2\x96\x81" + std::string(word));
  while (tokens.size() < kTinyVocabulary) tokens.push_back(str("\xE2\x96\x81x{}", tokens.size()));
  std::vector<float> scores(tokens.size(), 0.0F);
  for (std::size_t i = 259; i < tokens.size(); ++i) scores[i] = -static_cast<float>(i);
  types.resize(tokens.size(), 1);
  meta.set("tokenizer.ggml.model", std::string("llama"));
  meta.set("tokenizer.ggml.tokens", array_of(8, tokens));
  meta.set("tokenizer.ggml.scores", array_of(6, scores));
  meta.set("tokenizer.ggml.token_type", array_of(5, types));
  meta.set("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  meta.set("tokenizer.ggml.eos_token_id", std::uint32_t{2});
  meta.set("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
  meta.set("tokenizer.ggml.add_bos_token", true);
}

format::TensorSource source_of(const TinyTensor& plan, const std::vector<float>& values,
                               DType wanted) {
  const bool fits = row_bytes(wanted, plan.cols).has_value();
  const DType type = plan.rows == 1 || !fits ? DType::kF32 : wanted;
  const std::size_t bytes = row_bytes(type, plan.cols).value();
  std::vector<std::byte> stored(plan.rows * bytes);
  for (std::size_t r = 0; r < plan.rows; ++r) {
    encode_row(type, std::span(values).subspan(r * plan.cols, plan.cols),
               stored.data() + (r * bytes));
  }
  format::TensorSource source;
  source.name = plan.name;
  source.type = type;
  source.dims = plan.rows == 1 ? std::vector<std::uint64_t>{plan.cols}
                               : std::vector<std::uint64_t>{plan.cols, plan.rows};
  source.produce = [stored = std::move(stored)](const auto& sink) { sink(stored); };
  return source;
}

format::Metadata make_metadata(const TinyModel& m) {
  const auto u32 = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
  const auto key = [&m](std::string_view name) { return m.architecture + "." + std::string(name); };
  const Anatomy anatomy = anatomy_of(m.architecture);
  format::Metadata meta;
  meta.set("general.architecture", m.architecture);
  meta.set("general.name", std::string("tiny"));
  meta.set(key("context_length"), u32(m.context));
  meta.set(key("embedding_length"), u32(m.embedding));
  meta.set(key("block_count"), u32(m.layers));
  meta.set(key("feed_forward_length"), u32(m.feed_forward));
  meta.set(key("attention.head_count"), u32(m.heads));
  meta.set(key("attention.head_count_kv"), u32(m.kv_heads));
  meta.set(key(anatomy.layer_norms ? "attention.layer_norm_epsilon"
                                   : "attention.layer_norm_rms_epsilon"),
           1e-5F);
  if (!anatomy.learned_positions) meta.set(key("rope.dimension_count"), u32(m.embedding / m.heads));
  if (m.architecture == "gemma3") meta.set(key("attention.sliding_window"), std::uint32_t{5});
  if (anatomy.encoder) meta.set(key("pooling_type"), std::uint32_t{1});
  if (!m.exits.empty()) meta.set("frugal.exit.layers", array_of(4, m.exits));
  add_vocabulary(meta);
  return meta;
}

}  // namespace

std::filesystem::path write_tiny_model(const std::filesystem::path& path, const TinyModel& model) {
  std::mt19937_64 random(model.seed);
  std::vector<format::TensorSource> sources;
  const auto add = [&](const TinyTensor& plan, std::vector<float> values) {
    if (model.edit) model.edit(plan.name, values);
    sources.push_back(source_of(plan, values, model.type));
  };
  for (const TinyTensor& plan : Plan(model).make()) {
    std::vector<float> values = make_values(plan, random);
    if (std::find(model.omit.begin(), model.omit.end(), plan.name) != model.omit.end()) continue;
    add(plan, std::move(values));
  }
  for (const TinyTensor& plan : model.add) add(plan, make_values(plan, random));
  format::Metadata metadata = make_metadata(model);
  if (model.edit_metadata) model.edit_metadata(metadata);
  format::write_gguf(path, metadata, sources);
  return path;
}

std::string tiny_text(std::size_t words, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    text += text.empty() ? "" : " ";
    text += kWords[random() % kWords.size()];
  }
  return text;
}

}  // namespace frugal::test
