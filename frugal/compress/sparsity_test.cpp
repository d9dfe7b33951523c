#include "frugal/compress/sparsity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/kernels/round.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {
namespace {

TEST(Sparsity, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_sparsity("0.5"), (Sparsity{.ratio = 0.5}));
  EXPECT_EQ(parse_sparsity("50%"), (Sparsity{.ratio = 0.5}));
  EXPECT_EQ(parse_sparsity("2:4"), (Sparsity{.keep = 2, .group = 4}));
  EXPECT_EQ(parse_sparsity("<0.25"), (Sparsity{.below = 0.25F}));
  EXPECT_TRUE(parse_sparsity("0").none());
  for (const char* text : {"0.5", "2:4", "1:8", "<0.25", "0"}) {
    EXPECT_EQ(to_text(parse_sparsity(text)), text);
  }
}

TEST(Sparsity, RefusesWhatIsNone) {
  for (const char* text :
       {"",      "half", "1",   "1.0", "100%", "-0.1", "nan",    "inf",
        "4:4",   "5:4",  "0:4", "2:3", "2:64", "2:",   ":4",     "-1:4",
        "2:4:8", "<0",   "<-1", "<",   "<nan", "%",    "<1e-60", "99999999999999999999:4"}) {
    try {
      (void)parse_sparsity(text);
      ADD_FAILURE() << "'" << text << "' was read";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument) << text;
    }
  }
}

TEST(Sparsity, RulesAreSplitAtTheLastEqualsSign) {
  const SparsityRule rule = parse_sparsity_rule("a=b|ffn=2:4");
  EXPECT_TRUE(rule.pattern.found_in("blk.0.ffn_up.weight"));
  EXPECT_EQ(rule.sparsity.keep, 2U);
  EXPECT_THROW((void)parse_sparsity_rule("0.5"), Error);
  EXPECT_THROW((void)parse_sparsity_rule("(=0.5"), Error);
}

// By sorting all pairs of score and place.
std::vector<std::uint8_t> slow_smallest(const std::vector<float>& scores, std::size_t count) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  std::vector<std::uint8_t> zero(scores.size());
  for (std::size_t i = 0; i < count; ++i) zero[order[i]] = 1;
  return zero;
}

TEST(Sparsity, MarksExactlyTheSmallest) {
  Random random(3);
  for (const std::size_t size : {1UL, 2UL, 31UL, 32UL, 200UL}) {
    std::vector<float> scores(size);
    for (float& score : scores) score = static_cast<float>(random.below(9));  // many are equal
    scores[size / 2] = std::numeric_limits<float>::infinity();
    for (std::size_t count = 0; count <= size; count += 1 + (size / 7)) {
      std::vector<std::uint8_t> zero(size, 7);
      mark_smallest(scores, count, zero);
      EXPECT_EQ(zero, slow_smallest(scores, count)) << size << " " << count;
    }
  }
}

TEST(Sparsity, GroupsKeepNoMoreThanTheyMay) {
  Random random(4);
  for (const Sparsity groups :
       {Sparsity{.keep = 2, .group = 4}, Sparsity{.keep = 4, .group = 8},
        Sparsity{.keep = 1, .group = 2}, Sparsity{.keep = 7, .group = 32}}) {
    for (const std::size_t size : {1UL, 3UL, 4UL, 30UL, 97UL}) {
      std::vector<float> scores(size);
      for (float& score : scores) score = static_cast<float>(random.below(5));
      std::vector<std::uint8_t> zero(size, 7);
      mark_groups(scores, groups, zero);
      for (std::size_t at = 0; at < size; at += groups.group) {
        const std::size_t here = std::min(groups.group, size - at);
        const std::size_t count = (groups.group - groups.keep) * here / groups.group;
        EXPECT_LE(here - count, groups.keep);
        const auto from = scores.begin() + static_cast<std::ptrdiff_t>(at);
        const std::vector<float> part(from, from + static_cast<std::ptrdiff_t>(here));
        const auto found = zero.begin() + static_cast<std::ptrdiff_t>(at);
        EXPECT_EQ(slow_smallest(part, count),
                  (std::vector<std::uint8_t>(found, found + static_cast<std::ptrdiff_t>(here))));
      }
    }
  }
}

TEST(Sparsity, CountsAsPeopleDo) {
  EXPECT_EQ(zeros_of(0.29, 100), 29U);  // 0.29 * 100 is below 29
  EXPECT_EQ(zeros_of(0.5, 7), 3U);
  EXPECT_EQ(zeros_of(0.0, 7), 0U);
  EXPECT_EQ(zeros_of(0.999, 0), 0U);
}

TEST(Sparsity, TypesThatHoldZeroDo) {
  Random random(5);
  constexpr std::array<DType, 15> kTypes = {
      DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ8_0,   DType::kQ4_0,
      DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ2_K,   DType::kQ3_K,
      DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS};
  std::vector<float> row(512);
  std::vector<float> importance(512);
  for (std::size_t c = 0; c < row.size(); ++c) {
    row[c] = random.chance(0.5) ? 0.0F : static_cast<float>(random.normal());
    importance[c] = static_cast<float>(random.uniform());
  }
  std::size_t holding = 0;
  for (const DType type : kTypes) {
    std::vector<std::byte> stored(row_bytes(type, row.size()).value());
    kernels::round_row(kernels::choose_kernels(""), type, row,
                       kernels::ColumnWeights(type, row.size(), importance), stored.data());
    std::vector<float> back(row.size());
    decode_row(type, stored.data(), back);
    bool kept = true;
    for (std::size_t c = 0; c < row.size(); ++c) kept &= row[c] != 0.0F || back[c] == 0.0F;
    EXPECT_EQ(holds_zero(type), kept) << name(type);
    holding += kept ? 1U : 0U;
  }
  EXPECT_EQ(holding, 8U);
}

}  // namespace
}  // namespace frugal::compress
