#include <gtest/gtest.h>

#include "frugal/base/str.h"
#include "frugal/model/decoder.h"
#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

using test::TinyModel;

TinyModel gemma(std::size_t layers = 2) {
  return {.architecture = "gemma3", .layers = layers};
}

// Heads of half their share of the width, in a narrow model of so many layers.
TinyModel with_short_heads(std::size_t layers) {
  TinyModel tiny = gemma(layers);
  tiny.embedding = 16;
  tiny.feed_forward = 8;
  for (const char* key : {"attention.key_length", "attention.value_length", "rope.dimension_count"})
    tiny = with_key(tiny, str("gemma3.{}", key), std::uint32_t{2});
  const auto replace = [&tiny](const std::string& name, std::size_t rows, std::size_t cols) {
    tiny.omit.push_back(name);
    tiny.add.push_back({name, rows, cols});
  };
  for (std::size_t i = 0; i < layers; ++i) {
    replace(str("blk.{}.attn_q.weight", i), 8, 16);
    replace(str("blk.{}.attn_k.weight", i), 4, 16);
    replace(str("blk.{}.attn_v.weight", i), 4, 16);
    replace(str("blk.{}.attn_output.weight", i), 16, 8);
    replace(str("blk.{}.attn_q_norm.weight", i), 1, 2);
    replace(str("blk.{}.attn_k_norm.weight", i), 1, 2);
  }
  return tiny;
}

TEST(Gemma3, ScalesEmbeddingsAndHasNormsBeforeAndAfter) {
  const Model model = load_tiny(gemma());
  EXPECT_EQ(model.config.activation, Activation::kGeluGated);
  EXPECT_EQ(model.config.rope_pairs, RopePairs::kHalves);
  EXPECT_EQ(model.config.embedding_scale, 8.0F) << "sqrt(64)";
  const Layer& layer = model.layers[1];
  EXPECT_EQ(layer.attention_post_norm.name, "blk.1.post_attention_norm");
  EXPECT_EQ(layer.mlp_post_norm.name, "blk.1.post_ffw_norm");
  EXPECT_EQ(layer.attention_post_norm.gain.size(), 64U);
  EXPECT_EQ(layer.query_norm.gain.size(), 16U);
  EXPECT_TRUE(layer.attention_end_norm.empty());
}

TEST(Gemma3, NeedsItsNorms) {
  expect_all_needed(gemma(), {"blk.0.post_attention_norm.weight", "blk.1.post_ffw_norm.weight",
                              "blk.0.attn_q_norm.weight", "blk.1.attn_norm.weight"});
}

TEST(Gemma3, EverySixthLayerSeesAllAndTheOthersAWindow) {
  const Model model = load_tiny(gemma(13));
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const bool global = i == 5 || i == 11;
    EXPECT_EQ(model.layers[i].window, global ? 0U : 5U) << i;
    EXPECT_EQ(model.layers[i].rotation, global ? 0U : 1U) << i;
  }
}

TEST(Gemma3, WithoutAWindowEveryLayerSeesAllWithTheFilesBase) {
  const Model model = load_tiny(without_key(gemma(), "gemma3.attention.sliding_window"));
  for (const Layer& layer : model.layers) {
    EXPECT_EQ(layer.window, 0U);
    EXPECT_EQ(layer.rotation, 0U);
  }
}

TEST(Gemma3, LayersWithAWindowTurnWithABaseOfTheirOwn) {
  TinyModel tiny = with_key(gemma(), "gemma3.rope.freq_base", 1e6F);
  tiny = with_key(tiny, "gemma3.rope.scaling.type", std::string("linear"));
  tiny = with_key(tiny, "gemma3.rope.scaling.factor", 8.0F);
  const Model model = load_tiny(tiny);
  ASSERT_EQ(model.rotations.size(), 2U);
  EXPECT_DOUBLE_EQ(model.rotations[0].usual.frequencies[1], rope_frequencies(1e6, 16)[1] / 8.0);
  EXPECT_EQ(model.rotations[1].usual.frequencies, rope_frequencies(10000.0, 16)) << "not scaled";
  const Model other = load_tiny(with_key(tiny, "gemma3.rope.freq_base_swa", 5000.0F));
  EXPECT_EQ(other.rotations[1].usual.frequencies, rope_frequencies(5000.0, 16));
}

TEST(Gemma3, OnlyTheLargestScalesQueriesByTheWidthOfAHeadsShare) {
  EXPECT_FLOAT_EQ(load_tiny(with_short_heads(61)).config.query_scale, 0.70710678F) << "1 / sqrt(2)";
  EXPECT_FLOAT_EQ(load_tiny(with_short_heads(62)).config.query_scale, 0.5F) << "1 / sqrt(16 / 4)";
}

TEST(Gemma3, ReadsEachSoftCapByItsKey) {
  TinyModel tiny = with_key(gemma(), "gemma3.attn_logit_softcapping", 50.0F);
  tiny = with_key(tiny, "gemma3.final_logit_softcapping", 30.0F);
  const Config config = load_tiny(tiny).config;
  EXPECT_EQ(config.attention_softcap, 50.0F);
  EXPECT_EQ(config.logit_softcap, 30.0F);
  EXPECT_EQ(load_tiny(gemma()).config.logit_softcap, 0.0F);
}

}  // namespace
}  // namespace frugal::model
