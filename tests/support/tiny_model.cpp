#include "tests/support/tiny_model.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/tensor/codec.h"

namespace frugal::test {

namespace {

using format::MetaArray;
using format::MetaValue;

constexpr std::array<std::string_view, 12> kWords = {"the",  "and", "was",  "she", "in",  "day",
                                                     "they", "to",  "play", "big", "red", "ball"};

struct TensorPlan {
  std::string name;
  std::size_t rows;
  std::size_t cols;
};

std::vector<TensorPlan> plan_tensors(const TinyModel& m) {
  const std::size_t head_dim = m.embedding / m.heads;
  const std::size_t kv = m.kv_heads * head_dim;
  std::vector<TensorPlan> plans = {{"token_embd.weight", kTinyVocabulary, m.embedding},
                                   {"output_norm.weight", 1, m.embedding}};
  if (!m.tied) plans.push_back({"output.weight", kTinyVocabulary, m.embedding});
  if (m.rope_freqs) plans.push_back({"rope_freqs.weight", 1, head_dim / 2});
  for (std::size_t i = 0; i < m.layers; ++i) {
    const auto named = [i](std::string_view role) { return str("blk.{}.{}.weight", i, role); };
    plans.insert(plans.end(), {{named("attn_norm"), 1, m.embedding},
                               {named("attn_q"), m.embedding, m.embedding},
                               {named("attn_k"), kv, m.embedding},
                               {named("attn_v"), kv, m.embedding},
                               {named("attn_output"), m.embedding, m.embedding},
                               {named("ffn_norm"), 1, m.embedding},
                               {named("ffn_gate"), m.feed_forward, m.embedding},
                               {named("ffn_up"), m.feed_forward, m.embedding},
                               {named("ffn_down"), m.embedding, m.feed_forward}});
  }
  return plans;
}

// Uniform numbers of unit variance over sqrt(cols); norms and frequencies near 1.
std::vector<float> make_values(const TensorPlan& plan, std::mt19937_64& random) {
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

format::Metadata make_metadata(const TinyModel& m) {
  const auto u32 = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
  format::Metadata meta;
  meta.set("general.architecture", std::string("llama"));
  meta.set("general.name", std::string("tiny"));
  meta.set("llama.context_length", u32(m.context));
  meta.set("llama.embedding_length", u32(m.embedding));
  meta.set("llama.block_count", u32(m.layers));
  meta.set("llama.feed_forward_length", u32(m.feed_forward));
  meta.set("llama.attention.head_count", u32(m.heads));
  meta.set("llama.attention.head_count_kv", u32(m.kv_heads));
  meta.set("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  meta.set("llama.rope.dimension_count", u32(m.embedding / m.heads));
  add_vocabulary(meta);
  return meta;
}

}  // namespace

std::filesystem::path write_tiny_model(const std::filesystem::path& path, const TinyModel& model) {
  std::mt19937_64 random(model.seed);
  std::vector<format::TensorSource> sources;
  for (const TensorPlan& plan : plan_tensors(model)) {
    std::vector<float> values = make_values(plan, random);
    if (std::find(model.omit.begin(), model.omit.end(), plan.name) != model.omit.end()) continue;
    if (model.edit) model.edit(plan.name, values);
    const bool fits = row_bytes(model.type, plan.cols).has_value();
    const DType type = plan.rows == 1 || !fits ? DType::kF32 : model.type;
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
    sources.push_back(std::move(source));
  }
  format::Metadata metadata = make_metadata(model);
  if (model.edit_metadata) model.edit_metadata(metadata);
  format::write_gguf(path, metadata, sources);
  return path;
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "frugal-test-XXXXXX").string();
  FRUGAL_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
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
