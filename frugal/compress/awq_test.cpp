#include "frugal/compress/awq.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

std::vector<text::TokenId> tokens(std::size_t count) {
  std::vector<text::TokenId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<text::TokenId>(3 + ((i * i) % (test::kTinyVocabulary - 3))));
  }
  return ids;
}

// Some channels of the normed stream are thirty times as large as the others, which is what
// activation-aware scaling is for.
void raise_some(const std::string& name, std::span<float> values) {
  if (name.find("_norm.weight") == std::string::npos) return;
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 16 == 3 ? 30.0F : 1.0F;
}

AwqOptions options() {
  AwqOptions some;
  some.rounding.type = DType::kQ4_0;
  some.context = 48;
  some.sums_bytes = std::uint64_t{1} << 30U;
  return some;
}

class AwqTest : public ::testing::Test {
 protected:
  [[nodiscard]] model::Model model(const test::TinyModel& recipe) const {
    return model::load(test::write_tiny_model(folder_ / "m.gguf", recipe));
  }

  test::TempFolder folder_;
  std::vector<text::TokenId> text_ = tokens(200);
};

TEST_F(AwqTest, ScalesUpWhatLargeInputsMeetAndIsNeverWorse) {
  const auto found = find_scales(model({.edit = raise_some}), text_, options());
  ASSERT_EQ(found.size(), 2U * 4U);
  for (const ScaledInput& each : found) {
    const std::string& name = each.scaling.fold.input.tensors.front();
    EXPECT_LE(each.loss, each.loss_before) << name;
    if (name.find("attn_q") == std::string::npos && name.find("ffn_gate") == std::string::npos) {
      continue;
    }
    EXPECT_GT(each.exponent, 0.0) << name;
    EXPECT_LT(each.loss, 0.9 * each.loss_before) << name;
    EXPECT_GT(each.scaling.scales[3], 1.3F * each.scaling.scales[4]) << name;
  }
}

TEST_F(AwqTest, IsTheSameWithOtherThreadsAndMemory) {
  const model::Model some = model({.edit = raise_some});
  AwqOptions other = options();
  other.rounding.threads = 3;
  other.sums_bytes = 0;
  const auto a = find_scales(some, text_, options());
  const auto b = find_scales(some, text_, other);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].scaling.scales, b[i].scaling.scales);
    EXPECT_EQ(a[i].loss, b[i].loss);
  }
}

TEST_F(AwqTest, ChannelsWithoutInputKeepTheirScale) {
  const auto silence = [](const std::string& name, std::span<float> values) {
    raise_some(name, values);
    if (name == "blk.0.attn_norm.weight") values[7] = 0.0F;
  };
  const auto found = find_scales(model({.edit = silence}), text_, options());
  EXPECT_EQ(found.front().scaling.fold.input.tensors.front(), "blk.0.attn_q.weight");
  EXPECT_EQ(found.front().scaling.scales[7], 1.0F);
  for (const float scale : found.front().scaling.scales) EXPECT_TRUE(std::isfinite(scale));
}

TEST_F(AwqTest, LeavesMatricesAloneThatAreNotRoundedToBlocks) {
  AwqOptions some = options();
  some.rounding.type = DType::kF16;
  EXPECT_TRUE(find_scales(model({}), text_, some).empty());
}

}  // namespace
}  // namespace frugal::compress
