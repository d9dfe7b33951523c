#include "frugal/model/huggingface.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/format/safetensors_for_test.h"
#include "frugal/model/model.h"
#include "frugal/tensor/half.h"
#include "tests/support/huggingface_folder.h"
#include "tests/support/tiny_model.h"

namespace frugal::model {
namespace {

using format::SafetensorsBuilder;
using format::TensorFile;
using format::TensorInfo;
using test::TempFolder;
using test::write_tiny_model;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<float> values_of(const TensorFile& file, std::string_view name) {
  const TensorInfo* tensor = file.find(name);
  if (tensor == nullptr || tensor->type != DType::kF32) {
    ADD_FAILURE() << "no F32 tensor " << name;
    return {};
  }
  std::vector<float> values(tensor->rows() * tensor->cols());
  std::memcpy(values.data(), file.data(*tensor).data(), tensor->bytes);
  return values;
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Numbers from `first` on.
std::vector<float> count(std::size_t size, float first = 0.0F) {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = first + static_cast<float>(i);
  return values;
}

// A folder with these settings and tensors.
class Folder {
 public:
  Folder(std::string_view config, const SafetensorsBuilder& weights) {
    write("config.json", config);
    write("model.safetensors", weights.bytes());
  }
  void write(std::string_view name, std::string_view text) const {
    write_text(folder_ / name, text);
  }
  [[nodiscard]] std::shared_ptr<const TensorFile> open() const {
    return open_huggingface(folder_.path());
  }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TempFolder folder_;
};

// The least that an architecture asks for, with `extra` settings in front.
std::string config(std::string_view architecture, std::string_view extra = "") {
  return str(R"({{{}"architectures":["{}"],"num_hidden_layers":1,"hidden_size":4,"vocab_size":2,)"
             R"("num_attention_heads":1,"max_position_embeddings":64,"intermediate_size":8,)"
             R"("rms_norm_eps":1e-6,"sliding_window":16,"head_dim":4}})",
             extra, architecture);
}

SafetensorsBuilder embedding() {
  return SafetensorsBuilder().add("model.embed_tokens.weight", "F32", {2, 4}, bytes_of(count(8)));
}

void expect_fault(const Folder& folder, ErrorKind kind, std::string_view fragment) {
  try {
    static_cast<void>(folder.open());
    ADD_FAILURE() << "opened, expected an Error with: " << fragment;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string_view(error.what()).find(fragment), std::string_view::npos)
        << error.what() << "\nexpected: " << fragment;
  }
}

// --- there and back -----------------------------------------------------------------------------

void expect_same_tensors(const TensorFile& ours, const TensorFile& reference) {
  EXPECT_EQ(ours.tensors().size(), reference.tensors().size());
  for (const TensorInfo& expected : reference.tensors()) {
    const TensorInfo* found = ours.find(expected.name);
    ASSERT_NE(found, nullptr) << expected.name;
    EXPECT_EQ(found->type, expected.type) << expected.name;
    EXPECT_EQ(found->dims, expected.dims) << expected.name;
    EXPECT_EQ(text_of(ours.data(*found)), text_of(reference.data(expected))) << expected.name;
  }
}

// Keys of the reference that the converter does not write for every architecture.
bool is_optional(std::string_view key) {
  return key == "general.name" || key.starts_with("general.license") ||
         key.starts_with("general.url") || key.starts_with("tokenizer.") ||
         key.ends_with(".vocab_size") || key.ends_with(".rope.dimension_count");
}

void expect_same_keys(const TensorFile& ours, const TensorFile& reference) {
  for (const format::MetaEntry& expected : reference.metadata().entries()) {
    const format::MetaValue* found = ours.metadata().find(expected.key);
    if (found == nullptr && is_optional(expected.key)) continue;
    if (expected.key == "general.name") continue;
    ASSERT_NE(found, nullptr) << expected.key;
    EXPECT_EQ(*found, expected.value) << expected.key;
  }
}

void expect_there_and_back(const std::filesystem::path& gguf, const test::FolderOptions& options) {
  const TempFolder folder;
  const auto reference = TensorFile::open(gguf);
  test::write_huggingface_folder(folder.path(), *reference, options);
  const auto ours = open_huggingface(folder.path());
  expect_same_tensors(*ours, *reference);
  expect_same_keys(*ours, *reference);
}

TEST(HuggingFace, ALlamaComesBackBitForBit) {
  const TempFolder folder;
  const auto gguf = write_tiny_model(folder / "m.gguf", {});
  expect_there_and_back(gguf, {});
  expect_there_and_back(gguf, {.parts = 3});
  expect_there_and_back(write_tiny_model(folder / "t.gguf", {.tied = true}), {});
}

TEST(HuggingFace, NumbersAtAnOddPlaceAreMoved) {
  const TempFolder folder;
  const auto gguf = write_tiny_model(folder / "m.gguf", {});
  expect_there_and_back(gguf, {.odd_place = true});
}

TEST(HuggingFace, AFolderRunsAsAModel) {
  const TempFolder folder;
  const auto gguf = TensorFile::open(write_tiny_model(folder / "m.gguf", {}));
  test::write_huggingface_folder(folder / "hf", *gguf);
  const Model model = load(folder / "hf");
  EXPECT_EQ(model.config.heads, 4U);
  EXPECT_EQ(model.config.kv_heads, 2U);
  EXPECT_EQ(model.config.rope_dims, 16U);
  EXPECT_EQ(model.tokenizer, nullptr);
  EXPECT_EQ(open_tensors(folder / "m.gguf")->container(), "GGUF version 3");
  EXPECT_EQ(open_tensors(folder / "hf")->container(), "Hugging Face");
}

class TinyModels : public testing::TestWithParam<const char*> {};

TEST_P(TinyModels, ComeBackBitForBit) {
  const char* shared = std::getenv("FRUGAL_SHARED");
  const char* source = std::getenv("FRUGAL_SOURCE_DIR");
  const std::filesystem::path root = shared   ? shared
                                     : source ? std::filesystem::path(source) / ".." / "shared"
                                              : "../shared";
  const std::filesystem::path path = root / "data" / "tiny" / str("{}.gguf", GetParam());
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "no " << path << ": set FRUGAL_SHARED to the folder that has data/tiny";
  }
  expect_there_and_back(path, {});
  expect_there_and_back(path, {.parts = 2});
}

INSTANTIATE_TEST_SUITE_P(HuggingFace, TinyModels,
                         testing::Values("llama", "llama3", "qwen2", "qwen3", "gemma3", "phi3",
                                         "gpt2", "bert"));

// --- tensors by hand
// ------------------------------------------------------------------------------

// Four rows of one head: halves (0, 1) and (2, 3) become pairs (0, 2) and (1, 3).
TEST(HuggingFace, RowsOfQueriesBecomePairs) {
  SafetensorsBuilder weights = embedding();
  weights.add("model.layers.0.self_attn.q_proj.weight", "F32", {4, 1}, bytes_of({0, 1, 2, 3}));
  weights.add("model.layers.0.self_attn.q_proj.bias", "F32", {4}, bytes_of({0, 1, 2, 3}));
  const auto llama = Folder(config("MistralForCausalLM"), weights).open();
  EXPECT_EQ(values_of(*llama, "blk.0.attn_q.weight"), (std::vector<float>{0, 2, 1, 3}));
  EXPECT_EQ(values_of(*llama, "blk.0.attn_q.bias"), (std::vector<float>{0, 2, 1, 3}));
  const auto qwen = Folder(config("Qwen2ForCausalLM"), weights).open();
  EXPECT_EQ(values_of(*qwen, "blk.0.attn_q.weight"), (std::vector<float>{0, 1, 2, 3}));
}

TEST(HuggingFace, KeysAreCountedByTheirOwnHeads) {
  SafetensorsBuilder weights = embedding();
  weights.add("model.layers.0.self_attn.k_proj.weight", "F32", {8, 1}, bytes_of(count(8)));
  const std::string two = R"("num_key_value_heads":2,)";
  const auto file = Folder(config("LlamaForCausalLM", two), weights).open();
  EXPECT_EQ(values_of(*file, "blk.0.attn_k.weight"), (std::vector<float>{0, 2, 1, 3, 4, 6, 5, 7}));
  expect_fault(Folder(config("LlamaForCausalLM", R"("num_key_value_heads":3,)"), weights),
               ErrorKind::kCorrupt, "rows in pairs for 3 heads");
}

TEST(HuggingFace, LinearLayersOfGpt2AreTurned) {
  SafetensorsBuilder weights;
  weights.add("wte.weight", "F32", {2, 4}, bytes_of(count(8)));
  weights.add("h.0.mlp.c_fc.weight", "F32", {2, 3}, bytes_of({0, 1, 2, 3, 4, 5}));
  weights.add("h.0.mlp.c_fc.bias", "F32", {3}, bytes_of({7, 8, 9}));
  weights.add("h.0.attn.bias", "BOOL", {1, 1, 1, 1}, "x");
  const auto file = Folder(R"({"architectures":["GPT2LMHeadModel"],"n_layer":1,"n_embd":4,)"
                           R"("n_head":2,"n_ctx":16,"layer_norm_epsilon":1e-5})",
                           weights)
                        .open();
  EXPECT_EQ(values_of(*file, "blk.0.ffn_up.weight"), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(file->find("blk.0.ffn_up.weight")->dims, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(values_of(*file, "blk.0.ffn_up.bias"), (std::vector<float>{7, 8, 9}));
  EXPECT_EQ(file->tensors().size(), 3U);
  EXPECT_EQ(file->metadata().get_uint("gpt2.feed_forward_length"), 16U);
}

TEST(HuggingFace, NormsOfGemmaGetTheirOneBack) {
  SafetensorsBuilder weights = embedding();
  weights.add("model.norm.weight", "F32", {4}, bytes_of({-1, 0, 0.5F, 2}));
  const auto file = Folder(config("Gemma3ForCausalLM"), weights).open();
  EXPECT_EQ(values_of(*file, "output_norm.weight"), (std::vector<float>{0, 1, 1.5F, 3}));
}

TEST(HuggingFace, VectorsBecomeFloatsAndMatricesStay) {
  std::string halves;
  for (const float value : {1.0F, -2.0F, 0.5F, 4.0F}) {
    const std::uint16_t half = float_to_bfloat(value);
    halves.append(reinterpret_cast<const char*>(&half), sizeof half);
  }
  SafetensorsBuilder weights;
  weights.add("model.embed_tokens.weight", "BF16", {2, 4}, halves + halves);
  weights.add("model.norm.weight", "BF16", {4}, halves);
  const auto file = Folder(config("Qwen3ForCausalLM"), weights).open();
  EXPECT_EQ(file->find("token_embd.weight")->type, DType::kBF16);
  EXPECT_EQ(values_of(*file, "output_norm.weight"), (std::vector<float>{1, -2, 0.5F, 4}));
  EXPECT_EQ(file->metadata().get_uint("general.file_type"), 32U);
}

TEST(HuggingFace, ATiedOutputIsLeftOut) {
  SafetensorsBuilder weights = embedding();
  weights.add("lm_head.weight", "F32", {2, 4}, bytes_of(count(8)));
  const auto has_output = [&](std::string_view extra) {
    return Folder(config("LlamaForCausalLM", extra), weights).open()->find("output.weight") !=
           nullptr;
  };
  EXPECT_TRUE(has_output(""));
  EXPECT_TRUE(has_output(R"("tie_word_embeddings":false,)"));
  EXPECT_FALSE(has_output(R"("tie_word_embeddings":true,)"));
  EXPECT_EQ(Folder(config("LlamaForCausalLM"), embedding()).open()->find("output.weight"), nullptr);
  expect_fault(Folder(config("LlamaForCausalLM", R"("tie_word_embeddings":false,)"), embedding()),
               ErrorKind::kCorrupt, "no tensor 'lm_head.weight'");
}

TEST(HuggingFace, OldNamesOfBertAreRead) {
  SafetensorsBuilder weights;
  weights.add("bert.embeddings.word_embeddings.weight", "F32", {2, 4}, bytes_of(count(8)));
  weights.add("bert.embeddings.LayerNorm.gamma", "F32", {4}, bytes_of(count(4)));
  weights.add("bert.embeddings.LayerNorm.beta", "F32", {4}, bytes_of(count(4)));
  weights.add("bert.embeddings.position_ids", "I64", {1}, "12345678");
  weights.add("bert.pooler.dense.weight", "F32", {1, 1}, bytes_of({1}));
  weights.add("cls.predictions.transform.dense.weight", "F32", {1, 1}, bytes_of({1}));
  weights.add("classifier.weight", "F32", {1, 4}, bytes_of(count(4)));
  const auto file = Folder(config("BertForSequenceClassification"), weights).open();
  EXPECT_NE(file->find("token_embd_norm.weight"), nullptr);
  EXPECT_NE(file->find("token_embd_norm.bias"), nullptr);
  EXPECT_NE(file->find("cls.weight"), nullptr);
  EXPECT_EQ(file->tensors().size(), 4U);
  EXPECT_EQ(file->metadata().get_bool("bert.attention.causal"), false);

  const std::string labels = R"("id2label":{"0":"bad","1":"good"},)";
  const auto named = Folder(config("BertForSequenceClassification", labels), weights).open();
  EXPECT_NE(named->find("cls.output.weight"), nullptr);
  EXPECT_EQ(named->metadata().get_array("bert.classifier.output_labels")->values.size(), 2U);
}

// --- rotation
// -------------------------------------------------------------------------------------

TEST(HuggingFace, LinearStretchingIsTold) {
  for (const std::string_view kind : {"type", "rope_type"}) {
    const auto file = Folder(config("LlamaForCausalLM",
                                    str(R"("rope_scaling":{{"{}":"linear","factor":4}},)", kind)),
                             embedding())
                          .open();
    EXPECT_EQ(file->metadata().get_string("llama.rope.scaling.type"), "linear");
    EXPECT_EQ(file->metadata().get_float("llama.rope.scaling.factor"), 4.0);
  }
}

TEST(HuggingFace, RotationIsAlsoReadAsNewVersionsWriteIt) {
  const auto file =
      Folder(config("Gemma3ForCausalLM",
                    R"("rope_parameters":{"full_attention":{"rope_type":"linear","factor":8.0,)"
                    R"("rope_theta":1000000.0},"sliding_attention":{"rope_theta":20000.0}},)"),
             embedding())
          .open();
  EXPECT_EQ(file->metadata().get_float("gemma3.rope.freq_base"), 1e6);
  EXPECT_EQ(file->metadata().get_float("gemma3.rope.freq_base_swa"), 2e4);
  EXPECT_EQ(file->metadata().get_float("gemma3.rope.scaling.factor"), 8.0);
}

// base 16 and width 4: wave lengths 2 pi and 8 pi; of contexts 16 / 1 and 16 / 4 the first lies
// between, the second beyond.
TEST(HuggingFace, FrequenciesOfLlama3AreDivided) {
  const auto file =
      Folder(config("LlamaForCausalLM",
                    R"("rope_theta":16,"rope_scaling":{"rope_type":"llama3","factor":8,)"
                    R"("low_freq_factor":1,"high_freq_factor":4,)"
                    R"("original_max_position_embeddings":16},)"),
             embedding())
          .open();
  const std::vector<float> divisors = values_of(*file, "rope_freqs.weight");
  ASSERT_EQ(divisors.size(), 2U);
  const double smooth = ((16.0 / (2.0 * 3.14159265358979)) - 1.0) / 3.0;
  EXPECT_NEAR(divisors[0], 1.0 / (((1.0 - smooth) / 8.0) + smooth), 1e-6);
  EXPECT_EQ(divisors[1], 8.0F);
}

TEST(HuggingFace, LongFactorsOfPhi3BecomeTensors) {
  const std::string rope = R"("original_max_position_embeddings":16,"rope_scaling":{"type":)"
                           R"("longrope","long_factor":[2,3],"short_factor":[1,1.5]},)";
  const auto file = Folder(config("Phi3ForCausalLM", rope), embedding()).open();
  EXPECT_EQ(values_of(*file, "rope_factors_long.weight"), (std::vector<float>{2, 3}));
  EXPECT_EQ(values_of(*file, "rope_factors_short.weight"), (std::vector<float>{1, 1.5F}));
  EXPECT_EQ(file->metadata().get_uint("phi3.rope.scaling.original_context_length"), 16U);
  const double expected = std::sqrt(1.0 + (std::log(4.0) / std::log(16.0)));
  EXPECT_FLOAT_EQ(
      static_cast<float>(file->metadata().get_float("phi3.rope.scaling.attn_factor").value()),
      static_cast<float>(expected));
  const std::string one = R"("rope_scaling":{"type":"longrope","long_factor":[2],)"
                          R"("short_factor":[1]},)";
  expect_fault(Folder(config("Phi3ForCausalLM", one), embedding()), ErrorKind::kCorrupt,
               "1 factors, expected 2");
}

TEST(HuggingFace, RotationOfPhi3IsReadOrRefusedNeverLeftOut) {
  const auto rotated = [](std::string_view more) {
    return Folder(
        config("Phi3ForCausalLM",
               str(R"("original_max_position_embeddings":16,"rope_scaling":{{{}}},)", more)),
        embedding());
  };
  const std::string factors = R"("type":"longrope","long_factor":[2,3],"short_factor":[1,1.5])";
  EXPECT_EQ(rotated(factors + R"(,"attention_factor":1.25)")
                .open()
                ->metadata()
                .get_float("phi3.rope.scaling.attn_factor"),
            1.25);
  (void)rotated(factors + R"(,"factor":4.0)").open();  // 64 / 16
  expect_fault(rotated(factors + R"(,"factor":8.0)"), ErrorKind::kUnsupported,
               "'factor' is 8, expected 4");
  expect_fault(rotated(R"("type":"longrope")"), ErrorKind::kCorrupt, "no 'long_factor'");
  expect_fault(rotated(R"("type":"linear","factor":4.0)"), ErrorKind::kUnsupported,
               "rotation of type 'linear'");
}

TEST(HuggingFace, AnUnknownRotationIsUnsupported) {
  expect_fault(
      Folder(config("Qwen2ForCausalLM", R"("rope_scaling":{"type":"spiral"},)"), embedding()),
      ErrorKind::kUnsupported, "rotation of type 'spiral'");
}

// --- vocabulary
// -----------------------------------------------------------------------------------

TEST(HuggingFace, TheTokenizerBecomesMetadata) {
  const Folder folder(config("LlamaForCausalLM"), embedding());
  folder.write("tokenizer.json",
               R"({"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}})");
  folder.write("tokenizer_config.json",
               R"({"chat_template":[{"name":"default","template":"T"},{"name":"x"}]})");
  try {
    const auto file = folder.open();
    EXPECT_EQ(file->metadata().get_array("tokenizer.ggml.tokens")->values.size(), 2U);
    EXPECT_EQ(file->metadata().get_string("tokenizer.chat_template"), "T");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported) << error.what();  // no such rule: also fine
  }
}

TEST(HuggingFace, AFolderWithoutTokenizerHasNoVocabulary) {
  const auto file = Folder(config("LlamaForCausalLM"), embedding()).open();
  EXPECT_EQ(file->metadata().find("tokenizer.ggml.model"), nullptr);
}

// --- faults
// ---------------------------------------------------------------------------------------

TEST(HuggingFace, WhatIsNoSuchFolderIsRefused) {
  const TempFolder empty;
  try {
    static_cast<void>(open_huggingface(empty.path()));
    ADD_FAILURE() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
    EXPECT_NE(std::string_view(error.what()).find("no config.json"), std::string_view::npos);
  }
  const Folder folder(config("LlamaForCausalLM"), embedding());
  std::filesystem::remove(folder.path() / "model.safetensors");
  expect_fault(folder, ErrorKind::kNotFound, "neither model.safetensors nor");
}

TEST(HuggingFace, SettingsThatDoNotFitAreNamed) {
  const auto refused = [](std::string_view text, ErrorKind kind, std::string_view fragment) {
    expect_fault(Folder(text, embedding()), kind, fragment);
  };
  const auto with = [](std::string_view extra) { return config("LlamaForCausalLM", extra); };
  refused("{", ErrorKind::kCorrupt, "not JSON");
  refused("[]", ErrorKind::kCorrupt, "expected settings by name");
  refused("{}", ErrorKind::kCorrupt, "no 'architectures'");
  refused(R"({"architectures":["A"]})", ErrorKind::kUnsupported, "architecture 'A', expected one");
  refused(R"({"architectures":["LlamaForCausalLM"]})", ErrorKind::kCorrupt,
          "no 'num_hidden_layers'");
  refused(with(R"("rope_scaling":7,)"), ErrorKind::kCorrupt, "'rope_scaling' is 7");
  refused(with(R"("rope_scaling":{"type":1},)"), ErrorKind::kCorrupt, "expected a text");
  refused(with(R"("rope_theta":"x",)"), ErrorKind::kCorrupt, "expected a finite number");
  refused(with(R"("rope_theta":1e300,)"), ErrorKind::kCorrupt, "expected a finite number");
  refused(with(R"("num_key_value_heads":0,)"), ErrorKind::kCorrupt, "0 heads");
  refused(with(R"("num_key_value_heads":-1,)"), ErrorKind::kCorrupt, "a whole number");
  refused(with(R"("num_key_value_heads":5000000000,)"), ErrorKind::kCorrupt, "a whole number");
  refused(with(R"("tie_word_embeddings":1,)"), ErrorKind::kCorrupt, "true or false");
  refused(std::string(std::size_t{1} << 20U, ' '), ErrorKind::kCorrupt, "expected at most");
}

// Numbers that only say how wide something is must not become memory.
TEST(HuggingFace, AHugeHeadIsRefused) {
  const std::string text =
      R"({"architectures":["LlamaForCausalLM"],"num_hidden_layers":1,"hidden_size":4,)"
      R"("vocab_size":2,"num_attention_heads":1,"head_dim":2000000000,)"
      R"("rope_scaling":{"rope_type":"llama3"}})";
  expect_fault(Folder(text, embedding()), ErrorKind::kCorrupt, "heads of 2000000000 numbers");
}

TEST(HuggingFace, TensorsThatDoNotFitAreNamed) {
  const auto refused = [](const SafetensorsBuilder& weights, ErrorKind kind,
                          std::string_view fragment) {
    expect_fault(Folder(config("LlamaForCausalLM"), weights), kind, fragment);
  };
  refused(SafetensorsBuilder(), ErrorKind::kCorrupt, "no matrix of token embeddings");
  refused(embedding().add("model.layers.0.extra.weight", "F32", {1}, bytes_of({1})),
          ErrorKind::kUnsupported, "'model.layers.0.extra.weight', expected those of Llama");
  refused(embedding().add("model.norm", "F32", {1}, bytes_of({1})), ErrorKind::kUnsupported,
          "'model.norm'");
  refused(embedding().add("model.norm.weight", "F64", {1}, "12345678"), ErrorKind::kUnsupported,
          "has type F64");
  refused(embedding().add("model.norm.weight", "F32", {0}, ""), ErrorKind::kCorrupt,
          "none of them 0");
  refused(embedding().add("model.norm.weight", "F32", {1, 1, 1, 1, 1}, bytes_of({1})),
          ErrorKind::kCorrupt, "1 to 4 dimensions");
  refused(
      embedding().add("model.layers.0.self_attn.q_proj.weight", "F32", {3, 1}, bytes_of({1, 2, 3})),
      ErrorKind::kCorrupt, "rows in pairs for 1 heads");
}

}  // namespace
}  // namespace frugal::model
