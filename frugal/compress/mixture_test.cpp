#include "frugal/compress/mixture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace frugal::compress {
namespace {

DType type_of(std::string_view mixture, Role role, std::size_t index, std::size_t count,
              const ModelFacts& facts = {}) {
  return mixed_type(*find_mixture(mixture),
                    {.role = role, .index = index, .count = count, .cols = 4096}, facts);
}

// The layers of a model of `count` that get `type`.
std::vector<std::size_t> layers_of(std::string_view mixture, Role role, std::size_t count,
                                   DType type) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < count; ++i) {
    if (type_of(mixture, role, i, count) == type) found.push_back(i);
  }
  return found;
}

TEST(Mixture, AreFoundByNameInAnyLetterCase) {
  EXPECT_EQ(mixtures().size(), 16U);
  for (const Mixture& mixture : mixtures()) EXPECT_EQ(find_mixture(mixture.name), &mixture);
  EXPECT_EQ(find_mixture("Q4_K_M")->base, DType::kQ4_K);
  EXPECT_EQ(find_mixture("Q4_K")->file_type, 15U);
  EXPECT_EQ(find_mixture("q3_k")->name, "q3_k_m");
  EXPECT_EQ(find_mixture("q4_k_x"), nullptr);
  EXPECT_EQ(find_mixture("f16"), nullptr);
}

// By hand for the 32 layers of a 7B: 0-3, 28-31 and every third from the sixth.
TEST(Mixture, TheMiddleOnesSpendMoreOnTheEndsAndOnEveryThirdLayer) {
  const std::vector<std::size_t> more = {0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31};
  EXPECT_EQ(layers_of("q4_k_m", Role::kFeedDown, 32, DType::kQ6_K), more);
  EXPECT_EQ(layers_of("q5_k_m", Role::kAttentionV, 32, DType::kQ6_K), more);
  EXPECT_EQ(layers_of("q4_k_m", Role::kOther, 32, DType::kQ4_K).size(), 32U);
}

TEST(Mixture, TheSmallOnesSpendMoreOnTheFirstLayers) {
  EXPECT_EQ(layers_of("q4_k_s", Role::kAttentionV, 32, DType::kQ5_K),
            (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(layers_of("q4_k_s", Role::kFeedDown, 24, DType::kQ5_K),
            (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(layers_of("q3_k_m", Role::kAttentionV, 32, DType::kQ5_K),
            (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(layers_of("q3_k_m", Role::kFeedDown, 32, DType::kQ5_K),
            (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(layers_of("q3_k_m", Role::kFeedDown, 32, DType::kQ4_K).size(), 30U);
}

TEST(Mixture, ValuesSharedByManyHeadsGetMore) {
  EXPECT_EQ(type_of("q2_k", Role::kAttentionV, 9, 32), DType::kQ3_K);
  EXPECT_EQ(type_of("q2_k", Role::kAttentionV, 9, 32, {.heads_per_kv = 4}), DType::kQ4_K);
  EXPECT_EQ(type_of("iq4_xs", Role::kAttentionV, 9, 32, {.heads_per_kv = 8}), DType::kQ5_K);
  EXPECT_EQ(type_of("iq4_xs", Role::kAttentionV, 9, 32), DType::kIQ4_XS);
  EXPECT_EQ(type_of("q4_k_m", Role::kAttentionV, 10, 80, {.large_shared = true}), DType::kQ5_K);
}

TEST(Mixture, ImportanceChangesWhatTheFirstLayersGet) {
  const ModelFacts seen{.has_importance = true};
  EXPECT_EQ(type_of("iq4_nl", Role::kFeedDown, 0, 32), DType::kQ5_K);
  EXPECT_EQ(type_of("iq4_nl", Role::kFeedDown, 0, 32, seen), DType::kIQ4_NL);
  EXPECT_EQ(type_of("q4_0", Role::kFeedDown, 3, 32), DType::kQ4_0);
  EXPECT_EQ(type_of("q4_0", Role::kFeedDown, 3, 32, seen), DType::kQ4_1);
  EXPECT_EQ(type_of("q5_0", Role::kFeedDown, 4, 32, seen), DType::kQ5_0);
}

TEST(Mixture, EightExpertsShareAttentionOfMoreBits) {
  const ModelFacts eight{.experts = 8};
  EXPECT_EQ(type_of("q4_k_m", Role::kAttentionV, 9, 32, eight), DType::kQ8_0);
  EXPECT_EQ(type_of("q4_k_m", Role::kAttentionK, 9, 32, eight), DType::kQ8_0);
  EXPECT_EQ(type_of("q4_k_m", Role::kAttentionOutput, 9, 32, eight), DType::kQ5_K);
  EXPECT_EQ(type_of("q3_k_l", Role::kAttentionOutput, 9, 32, eight), DType::kQ3_K);
  EXPECT_EQ(type_of("q3_k_l", Role::kAttentionOutput, 9, 32), DType::kQ5_K);
}

TEST(Mixture, TheOutputMatrixGetsSixBitsOrEight) {
  EXPECT_EQ(type_of("q2_k", Role::kOutput, 0, 0), DType::kQ6_K);
  EXPECT_EQ(type_of("q4_0", Role::kOutput, 0, 0), DType::kQ6_K);
  EXPECT_EQ(type_of("q8_0", Role::kOutput, 0, 0), DType::kQ8_0);
  EXPECT_EQ(mixed_type(*find_mixture("q4_k_m"), {.role = Role::kOutput, .cols = 288}, {}),
            DType::kQ8_0);
}

TEST(Mixture, WhatDoesNotFitBecomesTheNextTypeInSmallBlocks) {
  EXPECT_EQ(fitting_type(DType::kQ4_K, 512), DType::kQ4_K);
  EXPECT_EQ(fitting_type(DType::kQ2_K, 288), DType::kQ4_0);
  EXPECT_EQ(fitting_type(DType::kQ3_K, 288), DType::kQ4_0);
  EXPECT_EQ(fitting_type(DType::kQ4_K, 288), DType::kQ5_0);
  EXPECT_EQ(fitting_type(DType::kQ5_K, 288), DType::kQ5_1);
  EXPECT_EQ(fitting_type(DType::kQ6_K, 288), DType::kQ8_0);
  EXPECT_EQ(fitting_type(DType::kIQ4_XS, 288), DType::kIQ4_NL);
  EXPECT_EQ(fitting_type(DType::kQ4_K, 100), DType::kF16);
  EXPECT_EQ(fitting_type(DType::kQ8_0, 100), DType::kF16);
  EXPECT_EQ(fitting_type(DType::kF32, 100), DType::kF32);
}

}  // namespace
}  // namespace frugal::compress
