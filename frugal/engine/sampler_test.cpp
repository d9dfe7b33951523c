#include "frugal/engine/sampler.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "frugal/base/error.h"

namespace frugal::engine {
namespace {

SamplerOptions plain(float temperature = 1.0F) {
  return {.temperature = temperature, .top_k = 0, .top_p = 1.0F, .min_p = 0.0F};
}

std::map<TokenId, int> draw_many(const SamplerOptions& options, std::span<const float> logits,
                                 int draws = 20000) {
  Sampler sampler(options);
  std::map<TokenId, int> counts;
  for (int i = 0; i < draws; ++i) ++counts[sampler.next(logits)];
  return counts;
}

const std::array kLogits = {std::log(0.5F), std::log(0.3F), std::log(0.15F), std::log(0.05F)};

TEST(Sampler, ZeroTemperatureTakesTheFirstOfTheLikeliest) {
  Sampler sampler(plain(0.0F));
  EXPECT_EQ(sampler.next(std::array{0.0F, 2.0F, 2.0F, 1.0F}), 1);
}

TEST(Sampler, DrawsInProportion) {
  const auto counts = draw_many(plain(), kLogits);
  EXPECT_NEAR(counts.at(0), 10000, 400);
  EXPECT_NEAR(counts.at(1), 6000, 400);
  EXPECT_NEAR(counts.at(2), 3000, 300);
  EXPECT_NEAR(counts.at(3), 1000, 200);
}

TEST(Sampler, ALowTemperatureSharpens) {
  // At 1/2 the probabilities are squared: 0.25 of 0.365.
  EXPECT_NEAR(draw_many(plain(0.5F), kLogits).at(0), 20000 * 0.25 / 0.365, 500);
}

TEST(Sampler, TopKKeepsTheKLikeliest) {
  SamplerOptions options = plain();
  options.top_k = 2;
  const auto counts = draw_many(options, kLogits);
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_NEAR(counts.at(0), 12500, 400);
}

TEST(Sampler, TopPKeepsTheShortestHeadOfThatMass) {
  SamplerOptions options = plain();
  options.top_p = 0.75F;
  EXPECT_EQ(draw_many(options, kLogits).size(), 2U);
  options.top_p = 0.85F;
  EXPECT_EQ(draw_many(options, kLogits).size(), 3U);
}

TEST(Sampler, MinPDropsWhatIsFarBelowTheBest) {
  SamplerOptions options = plain();
  options.min_p = 0.2F;  // of 0.5: 0.1
  EXPECT_EQ(draw_many(options, kLogits).size(), 3U);
}

TEST(Sampler, RepetitionIsPenalisedOnceWhateverTheSign) {
  SamplerOptions options = plain(0.0F);
  options.repeat_penalty = 2.0F;
  Sampler sampler(options);
  sampler.observe(0);
  sampler.observe(0);
  EXPECT_EQ(sampler.next(std::array{3.0F, 2.0F}), 1);  // 3 / 2 < 2
  Sampler negative(options);
  negative.observe(0);
  EXPECT_EQ(negative.next(std::array{-1.0F, -1.5F}), 1);  // -1 * 2 < -1.5
}

TEST(Sampler, TheWindowForgets) {
  SamplerOptions options = plain(0.0F);
  options.repeat_penalty = 100.0F;
  options.repeat_window = 1;
  Sampler sampler(options);
  sampler.observe(0);
  sampler.observe(1);
  EXPECT_EQ(sampler.next(std::array{3.0F, 2.0F}), 0);
}

TEST(Sampler, TheSameSeedDrawsTheSame) {
  SamplerOptions options = plain();
  Sampler a(options);
  Sampler b(options);
  options.seed = 2;
  Sampler c(options);
  std::vector<TokenId> drawn_a;
  std::vector<TokenId> drawn_b;
  std::vector<TokenId> drawn_c;
  for (int i = 0; i < 200; ++i) {
    drawn_a.push_back(a.next(kLogits));
    drawn_b.push_back(b.next(kLogits));
    drawn_c.push_back(c.next(kLogits));
  }
  EXPECT_EQ(drawn_a, drawn_b);
  EXPECT_NE(drawn_a, drawn_c);
}

TEST(Sampler, RefusesOptionsOutsideTheirRange) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(Sampler({.temperature = -1.0F}), Error);
  EXPECT_THROW(Sampler({.temperature = nan}), Error);
  EXPECT_THROW(Sampler({.top_p = 0.0F}), Error);
  EXPECT_THROW(Sampler({.top_p = 1.1F}), Error);
  EXPECT_THROW(Sampler({.min_p = 1.0F}), Error);
  EXPECT_THROW(Sampler({.repeat_penalty = 0.0F}), Error);
}

TEST(Sampler, RefusesLogitsWithoutANumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Sampler sampler(plain());
  EXPECT_THROW((void)sampler.next(std::array{nan, nan}), Error);
}

}  // namespace
}  // namespace frugal::engine
