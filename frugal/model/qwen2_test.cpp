#include <gtest/gtest.h>

#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

const test::TinyModel kQwen2{.architecture = "qwen2"};

TEST(Qwen2, HasBiasesOnQueryKeyAndValueAndTurnsHalves) {
  const Model model = load_tiny(with_number(kQwen2, "blk.1.attn_v.bias", 31, -2.5F));
  EXPECT_EQ(model.config.rope_pairs, RopePairs::kHalves);
  EXPECT_EQ(model.config.activation, Activation::kSiluGated);
  const Layer& layer = model.layers[1];
  EXPECT_EQ(layer.query.bias.size(), 64U);
  EXPECT_EQ(layer.key.bias.size(), 32U);
  ASSERT_EQ(layer.value.bias.size(), 32U);
  EXPECT_EQ(layer.value.bias[31], -2.5F);
  EXPECT_TRUE(layer.query_norm.empty());
}

TEST(Qwen2, NeedsItsBiases) {
  expect_all_needed(kQwen2, {"blk.0.attn_q.bias", "blk.0.attn_k.bias", "blk.1.attn_v.bias"});
}

TEST(Qwen2, PassesOverABiasThatItsLayersDoNotHave) {
  const test::TinyModel tiny = with_tensor(kQwen2, {.name = "blk.0.attn_output.bias", .cols = 64});
  EXPECT_TRUE(load_tiny(tiny).layers[0].attention_output.bias.empty());
}

TEST(Qwen2, RefusesABiasThatIsNoNumber) {
  expect_refused(
      with_number(kQwen2, "blk.0.attn_k.bias", 4, std::numeric_limits<float>::infinity()),
      ErrorKind::kCorrupt, "'blk.0.attn_k.bias': element 4 is inf");
}

TEST(Qwen2, ReadsItsOwnKeysAndNotLlamas) {
  expect_refused(
      without_key(with_key(kQwen2, "llama.block_count", std::uint32_t{2}), "qwen2.block_count"),
      ErrorKind::kCorrupt, "no key 'qwen2.block_count'");
}

TEST(Qwen2, SmallOnesShareTheEmbeddingWithTheOutput) {
  test::TinyModel tiny = kQwen2;
  tiny.tied = true;
  const Model model = load_tiny(tiny);
  EXPECT_TRUE(model.tied());
  EXPECT_EQ(model.output.weight.rows, test::kTinyVocabulary);
}

}  // namespace
}  // namespace frugal::model
