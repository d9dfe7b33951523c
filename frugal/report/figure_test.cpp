#include "frugal/report/figure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace frugal::report {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Figure figure(double value, double half) {
  return {.value = value, .low = value - half, .high = value + half};
}

ledger::Metric metric(double value) {
  return {.name = "m", .value = value, .std_err = {}, .low = {}, .high = {}, .count = 0};
}

TEST(FigureOf, TakesTheEndsThatTheLedgerHas) {
  ledger::Metric source = metric(10.0);
  source.low = 9.0;
  source.high = 12.0;
  source.std_err = 100.0;
  const auto found = figure_of(&source);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->low, 9.0);
  EXPECT_EQ(found->high, 12.0);
  EXPECT_EQ(found->half_width(), 1.5);
}

TEST(FigureOf, MakesAnIntervalFromTheStandardError) {
  ledger::Metric source = metric(10.0);
  source.std_err = 2.0;
  EXPECT_NEAR(*figure_of(&source)->half_width(), 1.96 * 2.0, 1e-9) << "count unknown: normal";
  source.count = 11;
  EXPECT_NEAR(*figure_of(&source)->half_width(), 2.228139 * 2.0, 1e-5) << "t with 10 degrees";
}

TEST(FigureOf, KnowsNoIntervalFromOneSample) {
  ledger::Metric source = metric(10.0);
  source.std_err = 0.0;
  source.count = 1;
  EXPECT_FALSE(figure_of(&source)->half_width());
}

TEST(FigureOf, IsNothingForNoNumber) {
  EXPECT_FALSE(figure_of(nullptr));
  ledger::Metric source = metric(std::nan(""));
  EXPECT_FALSE(figure_of(&source));
  source.value = kInfinity;
  EXPECT_FALSE(figure_of(&source));
}

TEST(FigureOf, DropsEndsThatMakeNoSense) {
  ledger::Metric source = metric(10.0);
  source.low = 11.0;
  source.high = kInfinity;
  EXPECT_FALSE(figure_of(&source)->low);
  EXPECT_FALSE(figure_of(&source)->high);
  source = metric(10.0);
  source.std_err = -1.0;
  EXPECT_FALSE(figure_of(&source)->half_width());
}

TEST(Ratio, AddsRelativeHalfWidthsInQuadrature) {
  const auto half = ratio(figure(50.0, 1.5), figure(100.0, 4.0));
  ASSERT_TRUE(half);
  EXPECT_DOUBLE_EQ(half->value, 0.5);
  EXPECT_NEAR(*half->half_width(), 0.5 * 0.05, 1e-12);  // hypot(3 %, 4 %) = 5 %
}

TEST(Ratio, DoesNotDependOnACommonScale) {
  const auto small = ratio(figure(50.0, 1.5), figure(100.0, 4.0));
  const auto large = ratio(figure(85.0, 2.55), figure(170.0, 6.8));
  EXPECT_NEAR(small->value, large->value, 1e-12);
  EXPECT_NEAR(*small->half_width(), *large->half_width(), 1e-12);
}

TEST(Ratio, IsNothingUnlessBothArePositive) {
  EXPECT_FALSE(ratio(figure(1.0, 0.1), figure(0.0, 0.1)));
  EXPECT_FALSE(ratio(figure(-1.0, 0.1), figure(1.0, 0.1)));
  EXPECT_FALSE(ratio(figure(1e300, 0.1), figure(1e-300, 0.1)));
}

TEST(Ratio, HasNoIntervalWhereOneIsUnknown) {
  const auto known = ratio({.value = 1.0, .low = {}, .high = {}}, figure(2.0, 0.1));
  ASSERT_TRUE(known);
  EXPECT_FALSE(known->half_width());
}

TEST(CommonScale, FitsTheLargestMagnitude) {
  const std::vector<double> milli = {0.0005, -0.0412, 0.001};
  EXPECT_EQ(common_scale(milli, "J").unit, "mJ");
  EXPECT_DOUBLE_EQ(common_scale(milli, "J").factor, 1000.0);
  const std::vector<double> kilo = {1000.0};
  EXPECT_EQ(common_scale(kilo, "J").unit, "kJ");
  const std::vector<double> one = {1.0, 999.0};
  EXPECT_EQ(common_scale(one, "J").unit, "J");
  const std::vector<double> micro = {2e-6};
  EXPECT_EQ(common_scale(micro, "J").unit, "µJ");
}

TEST(CommonScale, StaysAtTheUnitForNothingAndStopsAtTheLastPrefix) {
  EXPECT_EQ(common_scale({}, "J").unit, "J");
  const std::vector<double> odd = {0.0, kInfinity, std::nan("")};
  EXPECT_EQ(common_scale(odd, "J").unit, "J");
  const std::vector<double> huge = {1e30};
  EXPECT_EQ(common_scale(huge, "J").unit, "GJ");
}

TEST(Number, GroupsThousandsAndHasATrueMinus) {
  EXPECT_EQ(number(1234567.0, 0), "1\u202f234\u202f567");
  EXPECT_EQ(number(1234.5, 1), "1234.5");
  EXPECT_EQ(number(-0.25, 2), "\u22120.25");
  EXPECT_EQ(number(0.25, 2, Sign::kAlways), "+0.25");
}

TEST(Number, WritesNoSignBeforeWhatRoundsToZero) {
  EXPECT_EQ(number(-0.0001, 2), "0.00");
  EXPECT_EQ(number(0.0001, 2, Sign::kAlways), "0.00");
}

TEST(Number, StaysShortForHugeValuesAndIsADashForNone) {
  EXPECT_EQ(number(1e300, 2), "1e+300");
  EXPECT_EQ(number(kInfinity, 2), "–");
}

TEST(FigureText, ShowsTwoDigitsOfTheInterval) {
  EXPECT_EQ(figure_text(figure(0.0412345, 0.00082), 1000.0), "41.23 ± 0.82");
  EXPECT_EQ(figure_text(figure(1234.5, 56.0)), "1234 ± 56");
  EXPECT_EQ(figure_text(figure(-0.585, 0.012), 100.0), "\u221258.5 ± 1.2");
}

TEST(FigureText, WritesUnequalEndsApart) {
  EXPECT_EQ(figure_text({.value = 10.0, .low = 9.9, .high = 10.4}), "10.00 +0.40 \u22120.10");
  EXPECT_EQ(figure_text({.value = 10.0, .low = 10.0, .high = 10.4}), "10.00 +0.40 \u22120.00");
}

TEST(FigureText, SaysThatAnIntervalIsUnknown) {
  EXPECT_EQ(figure_text({.value = 10.0, .low = {}, .high = 11.0}), "10 ± –");
  EXPECT_EQ(figure_text(figure(2.5, 0.0)), "2.5 ± 0");
}

TEST(WriteBounded, ShowsTheUpperEnd) {
  const Written written = write_bounded({.value = 0.0078, .low = {}, .high = 0.00897});
  EXPECT_EQ(written.value, "+0.0078");
  EXPECT_EQ(written.interval, "≤ +0.0090");
  EXPECT_EQ(write_bounded({.value = 0.5, .low = {}, .high = {}}).interval, "≤ –");
  EXPECT_EQ(write_bounded({.value = 0.0, .low = {}, .high = 0.0}).interval, "≤ 0");
}

TEST(PlainNumber, HasAtMostFourDigitsAndNoTrailingZeros) {
  EXPECT_EQ(plain_number(937.0), "937");
  EXPECT_EQ(plain_number(0.0125), "0.0125");
  EXPECT_EQ(plain_number(3.14159), "3.142");
  EXPECT_EQ(plain_number(0.0), "0");
  EXPECT_EQ(plain_number(100.0), "100");
}

TEST(SpokenCount, IsReadAloud) {
  EXPECT_EQ(spoken_count(12.2), "13");
  EXPECT_EQ(spoken_count(9480.0), "9480");
  EXPECT_EQ(spoken_count(174688.0), "175 thousand");
  EXPECT_EQ(spoken_count(999600.0), "1.0 million");
  EXPECT_EQ(spoken_count(2.4e9), "2.4 billion");
  EXPECT_EQ(spoken_count(kInfinity), "–");
}

}  // namespace
}  // namespace frugal::report
