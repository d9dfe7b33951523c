#include <gtest/gtest.h>

#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

const test::TinyModel kQwen3{.architecture = "qwen3"};

TEST(Qwen3, HasANormOverEachQueryAndKeyHead) {
  const Model model = load_tiny(with_number(kQwen3, "blk.0.attn_k_norm.weight", 15, 3.0F));
  EXPECT_EQ(model.config.rope_pairs, RopePairs::kHalves);
  const Layer& layer = model.layers[0];
  EXPECT_EQ(layer.query_norm.gain.size(), 16U);
  ASSERT_EQ(layer.key_norm.gain.size(), 16U);
  EXPECT_EQ(layer.key_norm.gain[15], 3.0F);
  EXPECT_EQ(layer.key_norm.name, "blk.0.attn_k_norm");
  EXPECT_TRUE(layer.attention_post_norm.empty());
}

TEST(Qwen3, NeedsItsHeadNorms) {
  expect_all_needed(kQwen3, {"blk.0.attn_q_norm.weight", "blk.1.attn_k_norm.weight"});
}

TEST(Qwen3, RefusesAHeadNormAsWideAsTheModel) {
  expect_refused(with_tensor(kQwen3, {.name = "blk.0.attn_q_norm.weight", .cols = 64}),
                 ErrorKind::kCorrupt, "'blk.0.attn_q_norm.weight' is [64], expected [16, 1]");
}

TEST(Qwen3, MayHaveBiasesOnItsAttention) {
  EXPECT_TRUE(load_tiny(kQwen3).layers[0].query.bias.empty());
  const test::TinyModel tiny = with_tensor(kQwen3, {.name = "blk.0.attn_q.bias", .cols = 64});
  EXPECT_EQ(load_tiny(tiny).layers[0].query.bias.size(), 64U);
}

}  // namespace
}  // namespace frugal::model
