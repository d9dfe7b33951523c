#include "frugal/model/model.h"

#include <gtest/gtest.h>

#include <limits>

#include "frugal/base/error.h"
#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

using test::TempFolder;
using test::TinyModel;
using test::write_tiny_model;

TinyModel llama_with(const std::string& key, const format::MetaValue& value) {
  return with_key({}, key, value);
}

TEST(Model, DescribesShapeAndWeightsByRole) {
  const TempFolder folder;
  const Model model = load(write_tiny_model(folder / "m.gguf", {}));
  EXPECT_EQ(model.config.architecture, "llama");
  EXPECT_EQ(model.config.vocab_size, test::kTinyVocabulary);
  EXPECT_EQ(model.config.head_dim, 16U);
  EXPECT_EQ(model.config.rope_dims, 16U);
  ASSERT_EQ(model.layers.size(), 2U);
  EXPECT_EQ(model.layers[1].key.weight.rows, 32U);
  EXPECT_EQ(model.layers[1].key.weight.cols, 64U);
  EXPECT_EQ(model.layers[1].down.weight.name, "blk.1.ffn_down.weight");
  EXPECT_FALSE(model.tied());
  ASSERT_NE(model.tokenizer, nullptr);
  EXPECT_EQ(model.tokenizer->size(), test::kTinyVocabulary);
}

TEST(Model, ATiedOutputIsTheEmbeddingAndItsBytesCountOnce) {
  const TempFolder folder;
  const Model tied = load(write_tiny_model(folder / "tied.gguf", {.tied = true}));
  const Model untied = load(write_tiny_model(folder / "untied.gguf", {}));
  EXPECT_TRUE(tied.tied());
  EXPECT_EQ(untied.weight_bytes() - tied.weight_bytes(), test::kTinyVocabulary * 64 * 4);
}

TEST(Model, EveryStoredNumberHasARoleAndCountsOnce) {
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3", "phi3", "gpt2", "bert"}) {
    const Model model = load_tiny({.architecture = architecture});
    std::uint64_t stored = 0;
    for (const format::TensorInfo& tensor : model.file->tensors()) stored += tensor.bytes;
    if (!model.type_embedding.empty()) stored -= 64 * sizeof(float);  // the type that is never used
    EXPECT_EQ(model.weight_bytes(), stored) << architecture;
  }
}

TEST(Model, ReadsRopeFrequencyDivisors) {
  const TempFolder folder;
  const Model model = load(write_tiny_model(folder / "m.gguf", {.rope_freqs = true}));
  const Model plain = load(write_tiny_model(folder / "plain.gguf", {}));
  ASSERT_EQ(model.rotations.size(), 1U);
  const auto& frequencies = model.rotations[0].usual.frequencies;
  ASSERT_EQ(frequencies.size(), 8U);
  EXPECT_NE(frequencies[7], plain.rotations[0].usual.frequencies[7]);
}

TEST(Model, NamesAMissingTensor) {
  TinyModel tiny;
  tiny.omit = {"blk.1.ffn_up.weight"};
  expect_refused(tiny, ErrorKind::kCorrupt, "no tensor 'blk.1.ffn_up.weight'");
}

TEST(Model, NamesAMisshapenTensorAndTheShapeItExpected) {
  expect_refused(llama_with("llama.feed_forward_length", std::uint32_t{128}), ErrorKind::kCorrupt,
                 "'blk.0.ffn_gate.weight' is [64, 96], expected [64, 128]");
}

TEST(Model, RefusesAnArchitectureItDoesNotRunAndListsThoseItRuns) {
  expect_refused(llama_with("general.architecture", std::string("mamba")), ErrorKind::kUnsupported,
                 "architecture 'mamba', expected one of: llama");
}

TEST(Model, RefusesAbsurdSizesByKey) {
  for (const char* key : {"llama.block_count", "llama.embedding_length", "llama.context_length",
                          "llama.attention.head_count"}) {
    for (const std::uint32_t value : {0U, std::numeric_limits<std::uint32_t>::max()}) {
      expect_refused(with_key({}, key, value), ErrorKind::kCorrupt, key);
    }
  }
}

TEST(Model, RefusesHeadsThatDoNotShareEvenly) {
  expect_refused(llama_with("llama.attention.head_count_kv", std::uint32_t{3}), ErrorKind::kCorrupt,
                 "expected a multiple");
}

TEST(Model, RefusesAnOddOrOversizedRotation) {
  for (const std::uint32_t dims : {7U, 32U}) {
    expect_refused(llama_with("llama.rope.dimension_count", dims), ErrorKind::kCorrupt,
                   "rotated dimensions");
  }
}

TEST(Model, RefusesRopeScalingItDoesNotKnow) {
  expect_refused(llama_with("llama.rope.scaling.type", std::string("quadratic")),
                 ErrorKind::kUnsupported, "rope scaling 'quadratic'");
}

TEST(Model, ASoftCapOfZeroIsNone) {
  const TempFolder folder;
  const auto gemma = [&](float cap) {
    TinyModel tiny{.architecture = "gemma3"};
    tiny.edit_metadata = [cap](format::Metadata& meta) {
      meta.set("gemma3.attn_logit_softcapping", cap);
      meta.set("gemma3.final_logit_softcapping", cap);
    };
    return load(write_tiny_model(folder / "m.gguf", tiny)).config;
  };
  for (const float cap : {0.0F, 30.0F}) {
    EXPECT_EQ(gemma(cap).attention_softcap, cap);
    EXPECT_EQ(gemma(cap).logit_softcap, cap);
  }
  EXPECT_THROW((void)gemma(-1.0F), Error);
}

TEST(Model, LongRopeWithoutItsDivisorsIsRefused) {
  expect_refused(llama_with("llama.rope.scaling.type", std::string("longrope")),
                 ErrorKind::kCorrupt, "no tensor 'rope_factors_short.weight'");
}

TEST(Model, RefusesADivisorThatIsNotAboveZero) {
  TinyModel tiny{.rope_freqs = true};
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name == "rope_freqs.weight") values[3] = 0.0F;
  };
  expect_refused(tiny, ErrorKind::kCorrupt, "'rope_freqs.weight': element 3 is 0");
}

TEST(Model, RefusesNumbersThatAreNone) {
  expect_refused(llama_with("llama.rope.freq_base", std::numeric_limits<float>::quiet_NaN()),
                 ErrorKind::kCorrupt, "llama.rope.freq_base");
  TinyModel tiny;
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name == "blk.0.attn_norm.weight") values[5] = std::numeric_limits<float>::infinity();
  };
  expect_refused(tiny, ErrorKind::kCorrupt, "'blk.0.attn_norm.weight': element 5");
}

TEST(Model, RefusesAKeyOfTheWrongType) {
  expect_refused(llama_with("llama.block_count", std::string("two")), ErrorKind::kCorrupt,
                 "llama.block_count");
}

TEST(Model, RefusesAVocabularyOfAnotherSizeThanTheEmbedding) {
  TinyModel tiny;
  tiny.edit_metadata = [](format::Metadata& meta) {
    for (const char* key :
         {"tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"}) {
      format::MetaArray array = *meta.get_array(key);
      array.values.pop_back();
      meta.set(key, array);
    }
  };
  expect_refused(tiny, ErrorKind::kCorrupt, "319 tokens in the vocabulary");
}

TEST(Model, RunsWithoutAVocabularyItCannotUse) {
  const TempFolder folder;
  const Model model = load(write_tiny_model(
      folder / "m.gguf", llama_with("tokenizer.ggml.model", std::string("gpt-9"))));
  EXPECT_EQ(model.tokenizer, nullptr);
  EXPECT_THROW((void)load_tokenizer(*model.file), Error);
}

TEST(Model, FindsTheFirstWeightThatIsNoNumber) {
  const TempFolder folder;
  EXPECT_EQ(first_non_finite(load(write_tiny_model(folder / "good.gguf", {}))), "");
  TinyModel tiny;
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name == "blk.1.ffn_up.weight") values[64 + 3] = std::numeric_limits<float>::quiet_NaN();
  };
  const Model broken = load(write_tiny_model(folder / "bad.gguf", tiny));
  EXPECT_EQ(first_non_finite(broken), "tensor 'blk.1.ffn_up.weight': row 1, column 3 is nan");
}

TEST(Model, ExitsAreNormsOfTheLayersThatTheFileLists) {
  const TempFolder folder;
  for (const char* architecture : {"llama", "gpt2"}) {
    const Model model = load(write_tiny_model(
        folder / "m.gguf", {.architecture = architecture, .layers = 4, .exits = {0, 2}}));
    EXPECT_EQ(model.exits(), (std::vector<std::size_t>{0, 2}));
    EXPECT_TRUE(model.layers[1].exit_norm.empty());
    EXPECT_EQ(model.layers[2].exit_norm.gain.size(), 64U);
    EXPECT_EQ(model.layers[2].exit_norm.bias.empty(), model.config.norm == NormKind::kRms);
  }
  EXPECT_TRUE(load(write_tiny_model(folder / "n.gguf", {})).exits().empty());
}

TEST(Model, RefusesExitsThatAreNotThere) {
  TinyModel tiny{.layers = 3, .exits = {1}};
  tiny.omit = {"blk.1.exit_norm.weight"};
  expect_refused(tiny, ErrorKind::kCorrupt, "no tensor 'blk.1.exit_norm.weight'");
  const auto listed = [](const format::MetaValue& value) {
    const auto type =
        static_cast<std::uint32_t>(value.index());  // GGUF's numbers are the variant's
    return with_key({}, "frugal.exit.layers", format::MetaArray{type, {value}});
  };
  expect_refused(listed(std::int32_t{-1}), ErrorKind::kCorrupt, "expected an array of u32");
  expect_refused(listed(std::uint32_t{2}), ErrorKind::kCorrupt, "expected an array of u32 below 2");
  expect_refused({.architecture = "bert", .heads = 4, .kv_heads = 4, .exits = {0}},
                 ErrorKind::kCorrupt, "without an output matrix");
}

}  // namespace
}  // namespace frugal::model
