#include "frugal/engine/cost.h"

#include <gtest/gtest.h>

#include <string>

#include "frugal/engine/engine.h"
#include "frugal/kernels/elementwise.h"
#include "frugal/kernels/norm.h"
#include "tests/support/tiny_model.h"

namespace frugal::engine {
namespace {

using test::TempFolder;
using test::TinyModel;

class CostOfTiny : public testing::Test {
 protected:
  model::Model load(const TinyModel& tiny) {
    return model::load(test::write_tiny_model(folder_ / (tiny.architecture + ".gguf"), tiny));
  }
  TempFolder folder_;
};

Visible seen(bool causal, std::size_t window, std::size_t past, std::size_t t, std::size_t tokens) {
  model::Config config;
  config.causal = causal;
  model::Layer layer;
  layer.window = window;
  return visible_to(config, layer, past, t, tokens);
}

TEST(VisibleTo, ACausalTokenSeesThePastAndItself) {
  EXPECT_EQ(seen(true, 0, 10, 2, 5).begin, 0U);
  EXPECT_EQ(seen(true, 0, 10, 2, 5).end, 13U);
}

TEST(VisibleTo, AnEncodersTokenSeesAll) {
  EXPECT_EQ(seen(false, 0, 0, 0, 5).end, 5U);
  EXPECT_EQ(seen(false, 0, 0, 4, 5).begin, 0U);
}

TEST(VisibleTo, AWindowHoldsTheLatestPositionsOnly) {
  EXPECT_EQ(seen(true, 4, 10, 0, 1).begin, 7U);
  EXPECT_EQ(seen(true, 4, 10, 0, 1).end, 11U);
  EXPECT_EQ(seen(true, 4, 0, 2, 3).begin, 0U) << "fewer than the window holds";
  EXPECT_EQ(seen(true, 4, 0, 4, 5).begin, 1U);
}

TEST(AttendTokens, FillACallWithTheHeadsThatShareKeys) {
  model::Config config;
  config.heads = 4;
  config.kv_heads = 4;
  EXPECT_EQ(attend_tokens(config), kernels::kAttendRows);
  config.kv_heads = 1;
  EXPECT_EQ(attend_tokens(config), kernels::kAttendRows / 4);
  config.heads = 2 * kernels::kAttendRows;
  EXPECT_EQ(attend_tokens(config), 1U) << "a group larger than a call still takes a token";
}

TEST_F(CostOfTiny, AttentionOfAChunkComputesWhatItsTokensComputeAlone) {
  const model::Model model = load({});
  const auto chunk = [&](std::size_t past, std::size_t tokens) {
    return attend_chunk_cost(model.config, model.layers[0], past, tokens, KvType::kF16);
  };
  Cost alone;
  for (std::size_t t = 0; t < 20; ++t) alone += chunk(30 + t, 1);
  EXPECT_EQ(chunk(30, 20).ops, alone.ops);
  EXPECT_EQ(chunk(30, 20).traffic(Traffic::kCache), alone.traffic(Traffic::kCache));
  EXPECT_LT(chunk(30, 20).traffic(Traffic::kDram), alone.traffic(Traffic::kDram));
}

TEST_F(CostOfTiny, AttentionIsCountedByHand) {
  const model::Model model = load({});  // 4 heads over 2 kept ones, 16 numbers each
  const Cost cost = attend_chunk_cost(model.config, model.layers[0], 9, 1, KvType::kF32);
  EXPECT_EQ(cost.op(Op::kFloat), 4U * 10 * (4 * 16 + 4));
  EXPECT_EQ(cost.op(Op::kSpecial), 4U * (10 + 1));
  EXPECT_EQ(cost.traffic(Traffic::kDram), 2U * 10 * 16 * 2 * 4) << "keys and values, once a group";
}

TEST_F(CostOfTiny, AWindowBoundsWhatAttentionCosts) {
  model::Model model = load({});
  model.layers[0].window = 8;
  const auto at = [&](std::size_t past) {
    return attend_chunk_cost(model.config, model.layers[0], past, 1, KvType::kF16);
  };
  EXPECT_EQ(at(8), at(200));
  EXPECT_LT(at(3).op(Op::kFloat), at(8).op(Op::kFloat));
}

TEST_F(CostOfTiny, EachKeptPositionCostsWhatItsTypeHolds) {
  const model::Model model = load({.embedding = 128});  // heads of 32
  const auto stored = [&](KvType kv) {
    return rotate_and_store_cost(model.config, model.layers[0], 3, kv);
  };
  const std::uint64_t numbers = 2 * 3 * 2 * 32;
  EXPECT_EQ(stored(KvType::kF32).traffic(Traffic::kDram), numbers * 4);
  EXPECT_EQ(stored(KvType::kF16).traffic(Traffic::kDram), numbers * 2);
  EXPECT_EQ(stored(KvType::kQ8_0).traffic(Traffic::kDram), numbers * 34 / 32);
  EXPECT_EQ(stored(KvType::kF32).ops, stored(KvType::kQ8_0).ops);
}

TEST_F(CostOfTiny, ANormThatIsNotThereCostsNothing) {
  model::Config config;
  EXPECT_EQ(norm_cost(config, {}, 3, 8), Cost{});
  const model::Norm norm{.gain = std::vector<float>(8, 1.0F), .bias = {}};
  EXPECT_EQ(norm_cost(config, norm, 3, 8), kernels::rms_norm_cost(3, 8));
  config.norm = model::NormKind::kLayer;
  EXPECT_EQ(norm_cost(config, norm, 3, 8), kernels::layer_norm_cost(3, 8));
}

TEST_F(CostOfTiny, ABiasIsOneMoreSum) {
  const model::Model model = load({});
  model::Linear linear = model.layers[0].up;
  const Cost plain = linear_cost(linear, 5);
  linear.bias.assign(linear.weight.rows, 0.0F);
  EXPECT_EQ(linear_cost(linear, 5), plain + kernels::add_cost(5, linear.weight.rows));
}

TEST_F(CostOfTiny, EmbeddingsThatAreScaledOrAddedCostMore) {
  const Cost plain = embed_cost(load({}), 4);
  const Cost scaled = embed_cost(load({.architecture = "gemma3"}), 4);
  EXPECT_EQ(scaled.op(Op::kFloat), plain.op(Op::kFloat) + 4 * 64);
  const model::Model placed = load({.architecture = "gpt2"});
  model::Model unplaced = placed;
  unplaced.position_embedding = {};
  EXPECT_EQ(embed_cost(placed, 4).traffic(Traffic::kDram),
            embed_cost(unplaced, 4).traffic(Traffic::kDram) + 4 * 64 * 4);
  EXPECT_EQ(embed_cost(placed, 4).op(Op::kFloat), embed_cost(unplaced, 4).op(Op::kFloat) + 4 * 64);
}

TEST_F(CostOfTiny, EachFurtherLayerCostsTheSame) {
  const auto of_layers = [&](std::size_t layers) {
    return forward_cost(load({.layers = layers}), 7, 20, 1, KvType::kF16);
  };
  const Cost second = Cost(of_layers(2)) -= of_layers(1);
  EXPECT_GT(second.op(Op::kFloat), 0U);
  EXPECT_EQ(of_layers(4), of_layers(2) + 2 * second);
}

TEST_F(CostOfTiny, ATextInPartsComputesAsMuchAsAtOnce) {
  for (const char* architecture : {"llama", "qwen3", "gemma3", "phi3", "gpt2"}) {
    const model::Model model = load({.architecture = architecture});
    const Cost whole = forward_cost(model, 40, 0, 0, KvType::kF16);
    const Cost parts =
        forward_cost(model, 25, 0, 0, KvType::kF16) + forward_cost(model, 15, 25, 0, KvType::kF16);
    EXPECT_EQ(parts.ops, whole.ops) << architecture;
    EXPECT_GT(parts.traffic(Traffic::kDram), whole.traffic(Traffic::kDram)) << "weights twice";
  }
}

TEST_F(CostOfTiny, OnlyRowsThatAreAskedForPayForLogits) {
  const model::Model model = load({});
  const Cost none = forward_cost(model, 9, 0, 0, KvType::kF16);
  const Cost one = forward_cost(model, 9, 0, 1, KvType::kF16);
  const Cost three = forward_cost(model, 9, 0, 3, KvType::kF16);
  const Cost step = Cost(one) -= none;
  EXPECT_EQ(step.op(Op::kFloat),
            2 * test::kTinyVocabulary * 64 + kernels::rms_norm_cost(1, 64).op(Op::kFloat));
  EXPECT_EQ((Cost(three) -= none).op(Op::kFloat), 3 * step.op(Op::kFloat));
}

}  // namespace
}  // namespace frugal::engine
