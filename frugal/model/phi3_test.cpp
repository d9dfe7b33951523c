#include <gtest/gtest.h>

#include <limits>

#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

const test::TinyModel kPhi3{.architecture = "phi3"};

TEST(Phi3, CutsQueryKeyAndValueOutOfOneMatrix) {
  const Model model = load_tiny(kPhi3);
  EXPECT_EQ(model.config.rope_pairs, RopePairs::kHalves);
  const Layer& layer = model.layers[1];
  EXPECT_EQ(layer.query.weight.rows, 64U);
  EXPECT_EQ(layer.key.weight.rows, 32U);
  EXPECT_EQ(layer.value.weight.rows, 32U);
  EXPECT_EQ(layer.key.weight.data, layer.query.weight.data + (64 * layer.query.weight.row_bytes));
  EXPECT_EQ(layer.value.weight.data, layer.key.weight.data + (32 * layer.key.weight.row_bytes));
  EXPECT_EQ(layer.value.weight.name, "blk.1.attn_qkv.weight");
}

TEST(Phi3, TheGatesRowsComeBeforeThoseItGates) {
  const Layer layer = load_tiny(kPhi3).layers[0];
  EXPECT_EQ(layer.gate.weight.rows, 96U);
  EXPECT_EQ(layer.up.weight.rows, 96U);
  EXPECT_EQ(layer.up.weight.data, layer.gate.weight.data + (96 * layer.gate.weight.row_bytes));
}

TEST(Phi3, NeedsBothFusedMatrices) {
  expect_all_needed(kPhi3, {"blk.0.attn_qkv.weight", "blk.1.ffn_up.weight"});
}

TEST(Phi3, RefusesAFusedMatrixWithRowsForOtherHeads) {
  expect_refused(with_key(kPhi3, "phi3.attention.head_count_kv", std::uint32_t{4}),
                 ErrorKind::kCorrupt, "'blk.0.attn_qkv.weight' is [64, 128], expected [64, 192]");
  expect_refused(with_tensor(kPhi3, {.name = "blk.0.ffn_up.weight", .rows = 96, .cols = 64}),
                 ErrorKind::kCorrupt, "'blk.0.ffn_up.weight' is [64, 96], expected [64, 192]");
}

TEST(Phi3, ItsSlidingWindowIsNotApplied) {
  const Model model = load_tiny(with_key(kPhi3, "phi3.attention.sliding_window", std::uint32_t{7}));
  for (const Layer& layer : model.layers) EXPECT_EQ(layer.window, 0U);
}

TEST(Phi3, LongFactorsNeedNoKeyThatNamesThem) {
  test::TinyModel tiny = with_tensor(kPhi3, {.name = "rope_factors_long.weight", .cols = 8});
  expect_refused(tiny, ErrorKind::kCorrupt, "no tensor 'rope_factors_short.weight'");
  tiny = with_tensor(tiny, {.name = "rope_factors_short.weight", .cols = 8});
  EXPECT_EQ(load_tiny(tiny).rotations[0].usual_context, 256U) << "the context it was trained for";
  tiny = with_key(tiny, "phi3.rope.scaling.original_context_length", std::uint32_t{128});
  EXPECT_EQ(load_tiny(tiny).rotations[0].usual_context, 128U);
}

// A row is counted from the beginning of the stored tensor, where somebody would look for it.
TEST(Phi3, AWeightThatIsNoNumberIsFoundAtItsRowOfTheFusedMatrix) {
  const Model model = load_tiny(with_number(kPhi3, "blk.0.attn_qkv.weight", (70 * 64) + 3,
                                            std::numeric_limits<float>::quiet_NaN()));
  EXPECT_EQ(first_non_finite(model), "tensor 'blk.0.attn_qkv.weight': row 70, column 3 is nan");
}

}  // namespace
}  // namespace frugal::model
