#include <gtest/gtest.h>

#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

const test::TinyModel kGpt2{.architecture = "gpt2"};

TEST(Gpt2, HasLayerNormsLearnedPositionsAndAPlainGelu) {
  const Model model = load_tiny(with_key(kGpt2, "gpt2.attention.layer_norm_epsilon", 3e-5F));
  EXPECT_EQ(model.config.norm, NormKind::kLayer);
  EXPECT_EQ(model.config.norm_epsilon, 3e-5F);
  EXPECT_EQ(model.config.activation, Activation::kGelu);
  EXPECT_EQ(model.config.rope_dims, 0U);
  EXPECT_TRUE(model.rotations.empty());
  EXPECT_EQ(model.position_embedding.rows, 256U);
  EXPECT_EQ(model.position_embedding.cols, 64U);
  EXPECT_EQ(model.output_norm.bias.size(), 64U);
  for (const Layer& layer : model.layers) {
    EXPECT_TRUE(layer.gate.weight.empty());
    EXPECT_EQ(layer.attention_norm.bias.size(), 64U);
    EXPECT_EQ(layer.mlp_norm.bias.size(), 64U);
    EXPECT_EQ(layer.up.bias.size(), 96U);
    EXPECT_EQ(layer.down.bias.size(), 64U);
  }
}

TEST(Gpt2, CutsTheFusedBiasWhereItCutsTheMatrix) {
  test::TinyModel tiny = kGpt2;
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name != "blk.1.attn_qkv.bias") return;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  };
  const Layer layer = load_tiny(tiny).layers[1];
  ASSERT_EQ(layer.query.bias.size(), 64U);
  ASSERT_EQ(layer.key.bias.size(), 32U);
  ASSERT_EQ(layer.value.bias.size(), 32U);
  EXPECT_EQ(layer.query.bias[63], 63.0F);
  EXPECT_EQ(layer.key.bias[0], 64.0F);
  EXPECT_EQ(layer.value.bias[0], 96.0F);
  EXPECT_EQ(layer.value.bias[31], 127.0F);
}

TEST(Gpt2, NeedsItsPositionsAndItsBiases) {
  expect_all_needed(kGpt2, {"position_embd.weight", "output_norm.bias", "blk.0.attn_norm.bias",
                            "blk.0.attn_qkv.bias", "blk.1.attn_output.bias", "blk.1.ffn_up.bias",
                            "blk.0.ffn_down.bias"});
}

TEST(Gpt2, RefusesATableOfPositionsForAnotherContext) {
  expect_refused(with_key(kGpt2, "gpt2.context_length", std::uint32_t{512}), ErrorKind::kCorrupt,
                 "'position_embd.weight' is [64, 256], expected [64, 512]");
}

TEST(Gpt2, SharesTheEmbeddingWhereItHasNoOutput) {
  test::TinyModel tiny = kGpt2;
  tiny.tied = true;
  EXPECT_TRUE(load_tiny(tiny).tied());
  EXPECT_FALSE(load_tiny(kGpt2).tied());
}

}  // namespace
}  // namespace frugal::model
