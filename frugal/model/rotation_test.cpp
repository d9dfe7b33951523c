#include <gtest/gtest.h>

#include <cmath>

#include "frugal/model/decoder.h"
#include "frugal/model/tiny_for_test.h"

// How the keys `rope.*` and the tensors of divisors become angles; the same in every architecture
// that rotates.

namespace frugal::model {
namespace {

using test::TinyModel;

Rotation rotation_of(const TinyModel& tiny) {
  return load_tiny(tiny).rotations.at(0);
}

TinyModel scaled(const std::string& type, float factor) {
  TinyModel tiny = with_key({}, "llama.rope.scaling.type", type);
  return with_key(tiny, "llama.rope.scaling.factor", factor);
}

TEST(Rotation, FrequenciesFallFromOneByEqualRatios) {
  const std::vector<double> frequencies = rope_frequencies(10000.0, 8);
  ASSERT_EQ(frequencies.size(), 4U);
  EXPECT_DOUBLE_EQ(frequencies[0], 1.0);
  EXPECT_NEAR(frequencies[1], 0.1, 1e-15);
  EXPECT_NEAR(frequencies[2], 0.01, 1e-15);
  EXPECT_NEAR(frequencies[3], 0.001, 1e-15);
  EXPECT_TRUE(rope_frequencies(10000.0, 0).empty());
}

TEST(Rotation, TakesItsBaseFromTheFile) {
  EXPECT_EQ(rotation_of({}).usual.frequencies, rope_frequencies(10000.0, 16));
  EXPECT_EQ(rotation_of(with_key({}, "llama.rope.freq_base", 500000.0F)).usual.frequencies,
            rope_frequencies(500000.0, 16));
}

TEST(Rotation, MayTurnAPartOfAHeadOnly) {
  const Model model = load_tiny(with_key({}, "llama.rope.dimension_count", std::uint32_t{8}));
  EXPECT_EQ(model.config.rope_dims, 8U);
  EXPECT_EQ(model.rotations[0].usual.frequencies, rope_frequencies(10000.0, 8));
}

TEST(Rotation, TurnsTheWholeHeadWhereNothingIsSaid) {
  EXPECT_EQ(load_tiny(without_key({}, "llama.rope.dimension_count")).config.rope_dims, 16U);
}

TEST(Rotation, LinearScalingDividesEveryFrequency) {
  const std::vector<double> plain = rope_frequencies(10000.0, 16);
  const Angles angles = rotation_of(scaled("linear", 4.0F)).usual;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_DOUBLE_EQ(angles.frequencies[i], plain[i] / 4.0) << i;
  }
  EXPECT_EQ(angles.magnitude, 1.0F);
}

TEST(Rotation, AFactorWithoutAKindOfScalingDoesNothing) {
  EXPECT_EQ(rotation_of(scaled("none", 4.0F)).usual.frequencies, rope_frequencies(10000.0, 16));
}

TEST(Rotation, RefusesAFactorThatIsNotAboveZero) {
  expect_refused(scaled("linear", 0.0F), ErrorKind::kCorrupt, "'llama.rope.scaling.factor' is 0");
}

TEST(Rotation, YarnKeepsFastPairsAndDividesSlowOnes) {
  TinyModel tiny = scaled("yarn", 8.0F);
  tiny = with_key(tiny, "llama.rope.scaling.original_context_length", std::uint32_t{2048});
  const Angles angles = rotation_of(tiny).usual;
  const std::vector<double> plain = rope_frequencies(10000.0, 16);
  EXPECT_DOUBLE_EQ(angles.frequencies.front(), plain.front());
  EXPECT_DOUBLE_EQ(angles.frequencies.back(), plain.back() / 8.0);
  bool blended = false;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_LE(angles.frequencies[i], plain[i]) << i;
    EXPECT_GE(angles.frequencies[i], plain[i] / 8.0) << i;
    blended |= angles.frequencies[i] < plain[i] && angles.frequencies[i] > plain[i] / 8.0;
  }
  EXPECT_TRUE(blended) << "between the two there is a ramp";
  EXPECT_NEAR(angles.magnitude, 1.0 + (0.1 * std::log(8.0)), 1e-6);
}

TEST(Rotation, YarnsMagnitudeIsMultipliedByTheFilesFactor) {
  const TinyModel tiny = with_key(scaled("yarn", 8.0F), "llama.rope.scaling.attn_factor", 0.5F);
  EXPECT_NEAR(rotation_of(tiny).usual.magnitude, 0.5 * (1.0 + (0.1 * std::log(8.0))), 1e-6);
}

TEST(Rotation, YarnOfFactorOneIsThePlainRotation) {
  const Angles angles = rotation_of(scaled("yarn", 1.0F)).usual;
  EXPECT_EQ(angles.frequencies, rope_frequencies(10000.0, 16));
  EXPECT_EQ(angles.magnitude, 1.0F);
}

TEST(Rotation, NoBaseMakesAnAngleThatIsNoNumber) {
  for (const float base : {1e-30F, 1.0F, 1e30F}) {
    for (const char* type : {"none", "linear", "yarn"}) {
      const TinyModel tiny = with_key(scaled(type, 2.0F), "llama.rope.freq_base", base);
      for (const double frequency : rotation_of(tiny).usual.frequencies) {
        EXPECT_TRUE(std::isfinite(frequency)) << type << " of base " << base;
      }
    }
  }
}

TEST(Rotation, DividesEachFrequencyByItsNumberInTheTensor) {
  const TinyModel tiny = with_number({.rope_freqs = true}, "rope_freqs.weight", 2, 32.0F);
  EXPECT_DOUBLE_EQ(rotation_of(tiny).usual.frequencies[2], rope_frequencies(10000.0, 16)[2] / 32.0);
}

TEST(Rotation, RefusesDivisorsForAnotherNumberOfPairs) {
  expect_refused(with_tensor({}, {.name = "rope_freqs.weight", .cols = 7}), ErrorKind::kCorrupt,
                 "'rope_freqs.weight' is [7], expected [8, 1]");
}

TEST(Rotation, LongRopeHasAnglesForShortAndForLongSequences) {
  TinyModel tiny = with_key({}, "llama.rope.scaling.type", std::string("longrope"));
  tiny = with_key(tiny, "llama.rope.scaling.original_context_length", std::uint32_t{64});
  tiny = with_key(tiny, "llama.rope.scaling.attn_factor", 1.25F);
  tiny = with_tensor(tiny, {.name = "rope_factors_short.weight", .cols = 8});
  tiny = with_tensor(tiny, {.name = "rope_factors_long.weight", .cols = 8});
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name == "rope_factors_short.weight") std::fill(values.begin(), values.end(), 1.0F);
    if (name == "rope_factors_long.weight") std::fill(values.begin(), values.end(), 4.0F);
  };
  const Rotation rotation = rotation_of(tiny);
  const std::vector<double> plain = rope_frequencies(10000.0, 16);
  EXPECT_EQ(rotation.usual_context, 64U);
  EXPECT_EQ(rotation.angles_for(64).frequencies, plain);
  EXPECT_DOUBLE_EQ(rotation.angles_for(65).frequencies[3], plain[3] / 4.0);
  EXPECT_EQ(rotation.usual.magnitude, 1.25F);
  EXPECT_EQ(rotation.extended.magnitude, 1.25F);
}

TEST(Rotation, WithoutLongAnglesEveryLengthHasTheUsualOnes) {
  const Rotation rotation = rotation_of({});
  EXPECT_EQ(&rotation.angles_for(1'000'000), &rotation.usual);
}

}  // namespace
}  // namespace frugal::model
