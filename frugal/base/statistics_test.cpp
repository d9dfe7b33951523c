#include "frugal/base/statistics.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace frugal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Summarise, GivesTheSampleStandardDeviation) {
  const std::array<double, 8> samples = {2, 4, 4, 4, 5, 5, 7, 9};
  const Summary s = summarise(samples);
  EXPECT_EQ(s.count, 8U);
  EXPECT_DOUBLE_EQ(s.mean, 5.0);
  EXPECT_DOUBLE_EQ(s.std_dev, std::sqrt(32.0 / 7.0));
  EXPECT_DOUBLE_EQ(s.std_err, std::sqrt(32.0 / 7.0 / 8.0));
}

TEST(Summarise, KeepsItsDigitsWhenTheMeanIsLarge) {
  const std::array<double, 3> samples = {1e9 + 4, 1e9 + 7, 1e9 + 13};
  EXPECT_NEAR(summarise(samples).std_dev, std::sqrt(21.0), 1e-6);
}

TEST(Summarise, FewSamplesSayNothingOfTheSpread) {
  const Summary none = summarise({});
  EXPECT_EQ(none.count, 0U);
  EXPECT_EQ(none.half_width95(), kInfinity);
  const std::array<double, 1> one = {3.0};
  const Summary single = summarise(one);
  EXPECT_EQ(single.mean, 3.0);
  EXPECT_EQ(single.std_dev, 0.0);
  EXPECT_EQ(single.half_width95(), kInfinity);
  EXPECT_EQ(single.upper95(), kInfinity);
}

TEST(Summarise, IntervalsUseStudentsT) {
  const std::array<double, 3> samples = {1.0, 2.0, 3.0};
  const Summary s = summarise(samples);
  EXPECT_NEAR(s.half_width95(), 4.302652730 / std::sqrt(3.0), 1e-7);
  EXPECT_NEAR(s.upper95(), 2.0 + (2.919985580 / std::sqrt(3.0)), 1e-7);
}

TEST(Summarise, EqualSamplesHaveAnIntervalOfZero) {
  const std::array<double, 4> samples = {0.25, 0.25, 0.25, 0.25};
  EXPECT_EQ(summarise(samples).half_width95(), 0.0);
  EXPECT_EQ(summarise(samples).upper95(), 0.25);
}

struct Known {
  double p;
  double degrees;
  double t;
};

TEST(StudentT, AgreesWithTheTables) {
  const std::array<Known, 12> table = {{{0.75, 1, 1.0},
                                        {0.975, 1, 12.70620473617471},
                                        {0.995, 1, 63.65674116287399},
                                        {0.975, 2, 4.302652729749464},
                                        {0.95, 2, 2.919985580355516},
                                        {0.975, 5, 2.570581835636314},
                                        {0.975, 10, 2.228138851986274},
                                        {0.99, 20, 2.527977002741254},
                                        {0.95, 30, 1.697260886593957},
                                        {0.975, 100, 1.983971518523552},
                                        {0.9995, 120, 3.373453768},
                                        {0.6, 4, 0.270722295}}};
  for (const Known& known : table) {
    EXPECT_NEAR(student_t_quantile(known.p, known.degrees), known.t, 1e-8 * (1.0 + known.t))
        << "p " << known.p << ", degrees " << known.degrees;
  }
}

TEST(StudentT, OneDegreeIsTheCauchyDistribution) {
  for (const double p : {0.500001, 0.51, 0.9, 0.999, 0.999999, 0.999999999999}) {
    const double want = 1.0 / std::tan(std::acos(-1.0) * (1.0 - p));
    EXPECT_NEAR(student_t_quantile(p, 1) / want, 1.0, 1e-6) << p;
  }
}

TEST(StudentT, TendsToTheNormalDistribution) {
  constexpr double kZ = 1.959963984540054;
  for (const double degrees : {1e3, 1e4, 1e5, 1e6, 1e7, 1e8}) {
    // First terms of the expansion in 1 / degrees (Abramowitz and Stegun 26.7.5).
    const double z3 = kZ * kZ * kZ;
    const double want =
        kZ + ((z3 + kZ) / (4.0 * degrees)) +
        (((5.0 * z3 * kZ * kZ) + (16.0 * z3) + (3.0 * kZ)) / (96.0 * degrees * degrees));
    EXPECT_NEAR(student_t_quantile(0.975, degrees), want, 1e-6 * want) << degrees;
  }
}

TEST(StudentTDeathTest, ALevelOutsideTheUpperHalfIsABug) {
  EXPECT_DEATH((void)student_t_quantile(0.5, 3), "check failed");
  EXPECT_DEATH((void)student_t_quantile(1.0, 3), "check failed");
  EXPECT_DEATH((void)student_t_quantile(0.9, 0), "check failed");
}

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  const std::array<double, 4> samples = {4.0, 1.0, 3.0, 2.0};
  EXPECT_DOUBLE_EQ(quantile(samples, 0.0), 1.0);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(samples, 1.0), 4.0);
  EXPECT_DOUBLE_EQ(quantile(std::array{7.0}, 0.99), 7.0);
}

TEST(Quantile, InfinityAmongTheSamplesStaysWhereItBelongs) {
  const std::array<double, 3> samples = {1.0, kInfinity, 2.0};
  EXPECT_EQ(quantile(samples, 0.5), 2.0);
  EXPECT_EQ(quantile(samples, 0.75), kInfinity);
  EXPECT_EQ(quantile(samples, 1.0), kInfinity);
  EXPECT_EQ(quantile(std::array{kInfinity, kInfinity}, 1.0), kInfinity);
}

TEST(Quantile, NotANumberIsNeverSortedAway) {
  const std::array<double, 3> samples = {1.0, std::nan(""), 2.0};
  EXPECT_TRUE(std::isnan(quantile(samples, 0.0)));
  EXPECT_TRUE(std::isnan(quantile(samples, 1.0)));
}

TEST(QuantileDeathTest, NoSamplesOrAnImpossibleShareIsABug) {
  EXPECT_DEATH((void)quantile({}, 0.5), "check failed");
  EXPECT_DEATH((void)quantile(std::array{1.0}, -0.1), "check failed");
  EXPECT_DEATH((void)quantile(std::array{1.0}, 1.1), "check failed");
}

// Newcombe 1998, Statistics in Medicine 17, table I, method 3.
TEST(Wilson, AgreesWithPublishedIntervals) {
  const Proportion many = wilson95(81, 263);
  EXPECT_NEAR(many.value, 81.0 / 263.0, 1e-15);
  EXPECT_NEAR(many.low, 0.2553, 5e-5);
  EXPECT_NEAR(many.high, 0.3662, 5e-5);
  const Proportion few = wilson95(15, 148);
  EXPECT_NEAR(few.low, 0.0624, 5e-5);
  EXPECT_NEAR(few.high, 0.1605, 5e-5);
  const Proportion none = wilson95(0, 20);
  EXPECT_NEAR(none.low, 0.0, 1e-15);
  EXPECT_NEAR(none.high, 0.1611, 5e-5);
  const Proportion one = wilson95(1, 29);
  EXPECT_NEAR(one.low, 0.0061, 5e-5);
  EXPECT_NEAR(one.high, 0.1718, 5e-5);
}

TEST(Ratio, IsThatOfTheSumsAndKnowsItsSpread) {
  const std::vector<double> y = {2.0, 4.1, 6.2};
  const std::vector<double> x = {1.0, 2.0, 3.0};
  const Summary s = summarise_ratio(y, x);
  EXPECT_DOUBLE_EQ(s.mean, 12.3 / 6.0);
  // residuals 2 - 2.05, 4.1 - 4.1, 6.2 - 6.15, over 6
  EXPECT_NEAR(s.std_err, std::sqrt(1.5 * 2.0 * 0.05 * 0.05) / 6.0, 1e-12);
  EXPECT_DOUBLE_EQ(summarise_ratio(x, x).std_err, 0.0);
}

TEST(Ratio, OfTwoRatiosForgetsWhatBothHaveInCommon) {
  const std::vector<double> drift = {1.0, 2.0, 5.0, 3.0};
  const std::vector<double> half = {0.5, 1.0, 2.5, 1.5};
  const std::vector<double> x = {1.0, 1.0, 1.0, 1.0};
  const Summary s = summarise_log_ratio({half, x}, {drift, x});
  EXPECT_NEAR(s.mean, std::log(0.5), 1e-12);
  EXPECT_NEAR(s.std_err, 0.0, 1e-12);
  EXPECT_EQ(s.count, 4U);
}

TEST(PairedDifference, IsNeverSureOfNothing) {
  EXPECT_EQ(paired_difference(0, 0, 0).upper95, 1.0);
  const PairedDifference none = paired_difference(0, 0, 300);
  EXPECT_EQ(none.value, 0.0);
  // (1 / 302 / 302)^(1/2) * 1.645
  EXPECT_NEAR(none.upper95, 1.6448536 / 302.0, 1e-6);
  const PairedDifference some = paired_difference(12, 5, 100);
  EXPECT_NEAR(some.value, 0.07, 1e-12);
  const double p10 = 12.5 / 102.0;
  const double p01 = 5.5 / 102.0;
  const double d = p10 - p01;
  EXPECT_NEAR(some.upper95, d + 1.6448536 * std::sqrt((p10 + p01 - d * d) / 102.0), 1e-6);
}

TEST(Wilson, IsSymmetricAndStaysWithinZeroAndOne) {
  for (std::size_t successes = 0; successes <= 7; ++successes) {
    const Proportion p = wilson95(successes, 7);
    const Proportion mirrored = wilson95(7 - successes, 7);
    EXPECT_NEAR(p.low, 1.0 - mirrored.high, 1e-12);
    EXPECT_GE(p.low, 0.0);
    EXPECT_LE(p.high, 1.0);
    EXPECT_LE(p.low, p.value + 1e-12);
    EXPECT_GE(p.high, p.value - 1e-12);
  }
}

TEST(Wilson, WithoutTrialsNothingIsKnown) {
  const Proportion p = wilson95(0, 0);
  EXPECT_EQ(p.low, 0.0);
  EXPECT_EQ(p.high, 1.0);
}

TEST(WilsonDeathTest, MoreSuccessesThanTrialsIsABug) {
  EXPECT_DEATH((void)wilson95(3, 2), "check failed");
}

}  // namespace
}  // namespace frugal
