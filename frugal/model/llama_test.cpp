#include <gtest/gtest.h>

#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

using test::TinyModel;

TEST(Llama, IsACausalNetworkOfRootMeanSquaresAndASiluGate) {
  const Model model = load_tiny(with_key({}, "llama.attention.layer_norm_rms_epsilon", 2e-6F));
  const Config& c = model.config;
  EXPECT_EQ(c.norm, NormKind::kRms);
  EXPECT_EQ(c.norm_epsilon, 2e-6F);
  EXPECT_EQ(c.activation, Activation::kSiluGated);
  EXPECT_EQ(c.rope_pairs, RopePairs::kInterleaved);
  EXPECT_EQ(c.query_scale, 0.25F) << "1 / sqrt(16)";
  EXPECT_EQ(c.embedding_scale, 1.0F);
  EXPECT_EQ(c.attention_softcap, 0.0F);
  EXPECT_TRUE(c.causal);
  EXPECT_TRUE(model.position_embedding.empty());
  EXPECT_FALSE(model.classifier);
  for (const Layer& layer : model.layers) {
    EXPECT_EQ(layer.window, 0U);
    EXPECT_TRUE(layer.query_norm.empty());
    EXPECT_TRUE(layer.attention_post_norm.empty());
    EXPECT_TRUE(layer.mlp_end_norm.empty());
    EXPECT_TRUE(layer.attention_norm.bias.empty());
  }
}

TEST(Llama, NeedsEveryMatrixAndNorm) {
  expect_all_needed({}, {"token_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight",
                         "blk.0.attn_q.weight", "blk.1.attn_k.weight", "blk.1.attn_v.weight",
                         "blk.0.attn_output.weight", "blk.1.ffn_norm.weight",
                         "blk.0.ffn_gate.weight", "blk.0.ffn_down.weight"});
}

TEST(Llama, NeedsTheKeysOfItsShape) {
  for (const char* key : {"llama.context_length", "llama.embedding_length", "llama.block_count",
                          "llama.feed_forward_length", "llama.attention.head_count"}) {
    expect_refused(without_key({}, key), ErrorKind::kCorrupt,
                   "no key '" + std::string(key) + "', expected a number");
  }
}

TEST(Llama, WithoutACountOfKeyValueHeadsEveryHeadHasItsOwn) {
  const TinyModel tiny = without_key({.kv_heads = 4}, "llama.attention.head_count_kv");
  EXPECT_EQ(load_tiny(tiny).config.kv_heads, 4U);
}

TEST(Llama, WithoutAnEpsilonAHundredThousandth) {
  const TinyModel tiny = without_key({}, "llama.attention.layer_norm_rms_epsilon");
  EXPECT_EQ(load_tiny(tiny).config.norm_epsilon, 1e-5F);
  for (const float bad : {0.0F, -1e-5F}) {
    expect_refused(with_key({}, "llama.attention.layer_norm_rms_epsilon", bad), ErrorKind::kCorrupt,
                   "expected a finite number above 0");
  }
}

TEST(Llama, TakesTheBiasesThatAreThere) {
  TinyModel tiny = with_tensor({}, {.name = "blk.0.attn_q.bias", .cols = 64});
  tiny = with_tensor(tiny, {.name = "blk.1.ffn_down.bias", .cols = 64});
  tiny = with_tensor(tiny, {.name = "output.bias", .cols = test::kTinyVocabulary});
  const Model model = load_tiny(with_number(tiny, "blk.0.attn_q.bias", 63, 7.5F));
  ASSERT_EQ(model.layers[0].query.bias.size(), 64U);
  EXPECT_EQ(model.layers[0].query.bias[63], 7.5F);
  EXPECT_TRUE(model.layers[1].query.bias.empty());
  EXPECT_TRUE(model.layers[0].key.bias.empty());
  EXPECT_EQ(model.layers[1].down.bias.size(), 64U);
  EXPECT_EQ(model.output.bias.size(), test::kTinyVocabulary);
}

TEST(Llama, RefusesABiasOfAnotherLength) {
  expect_refused(with_tensor({}, {.name = "blk.1.attn_k.bias", .cols = 33}), ErrorKind::kCorrupt,
                 "'blk.1.attn_k.bias' is [33], expected [32, 1]");
}

TEST(Llama, HeadsMayBeLongerOrShorterThanTheirShareOfTheWidth) {
  TinyModel tiny{.layers = 1};
  tiny = with_key(tiny, "llama.attention.key_length", std::uint32_t{8});
  expect_refused(with_key(tiny, "llama.attention.value_length", std::uint32_t{16}),
                 ErrorKind::kCorrupt, "attention.key_length and attention.value_length differ");
  tiny = with_key(tiny, "llama.rope.dimension_count", std::uint32_t{8});
  expect_refused(tiny, ErrorKind::kCorrupt, "'blk.0.attn_q.weight' is [64, 64], expected [64, 32]");
  tiny = with_tensor(tiny, {.name = "blk.0.attn_q.weight", .rows = 32, .cols = 64});
  tiny = with_tensor(tiny, {.name = "blk.0.attn_k.weight", .rows = 16, .cols = 64});
  tiny = with_tensor(tiny, {.name = "blk.0.attn_v.weight", .rows = 16, .cols = 64});
  tiny = with_tensor(tiny, {.name = "blk.0.attn_output.weight", .rows = 64, .cols = 32});
  const Model model = load_tiny(tiny);
  EXPECT_EQ(model.config.head_dim, 8U);
  EXPECT_FLOAT_EQ(model.config.query_scale, 0.35355339F) << "1 / sqrt(8)";
}

TEST(Llama, RefusesMoreHeadsThanElements) {
  TinyModel tiny = with_key({}, "llama.attention.head_count", std::uint32_t{128});
  tiny = without_key(tiny, "llama.attention.head_count_kv");
  expect_refused(tiny, ErrorKind::kCorrupt, "128 heads for a width of 64");
}

TEST(Llama, KeepsTheTypeOfItsMatricesAndReadsNormsAsFloats) {
  const Model model = load_tiny({.type = DType::kQ8_0});
  EXPECT_EQ(model.layers[0].up.weight.type, DType::kQ8_0);
  EXPECT_EQ(model.layers[0].up.weight.row_bytes, 68U) << "two blocks of 32 numbers and a scale";
  EXPECT_EQ(model.layers[0].up.weight.bytes(), 96U * 68U);
  EXPECT_EQ(model.layers[0].mlp_norm.gain.size(), 64U);
}

}  // namespace
}  // namespace frugal::model
