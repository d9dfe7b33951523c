#include "frugal/base/units.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "frugal/base/clock.h"

namespace frugal {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept Comparable = requires(A a, B b) {
  a < b;
};

TEST(Units, QuantitiesOfDifferentKindsDoNotMix) {
  static_assert(Addable<Joules, Joules>);
  static_assert(!Addable<Joules, Watts>);
  static_assert(!Comparable<Seconds, Joules>);
  static_assert(!std::is_convertible_v<double, Joules>);
  static_assert(!std::is_convertible_v<Joules, double>);
  EXPECT_EQ(Joules().value(), 0.0);
}

TEST(Units, PowerTimesTimeIsEnergyAndBack) {
  EXPECT_EQ(Watts(2.0) * Seconds(3.0), Joules(6.0));
  EXPECT_EQ(Joules(6.0) / Seconds(3.0), Watts(2.0));
}

TEST(Units, OneKindAddsSubtractsScalesAndDivides) {
  Joules sum(1.5);
  sum += Joules(2.0);
  EXPECT_EQ(sum, Joules(3.5));
  EXPECT_EQ(sum - Joules(0.5), Joules(3.0));
  EXPECT_EQ(2.0 * sum, Joules(7.0));
  EXPECT_EQ(Seconds(3.0) / Seconds(2.0), 1.5);
}

TEST(Units, OneKindIsOrdered) {
  EXPECT_LT(Grams(-1.0), Grams(0.0));
  EXPECT_GE(Grams(2.0), Grams(2.0));
  EXPECT_NE(Watts(1.0), Watts(2.0));
}

TEST(Clock, MonotonicTimeNeverStepsBack) {
  Seconds before = monotonic_now();
  for (int i = 0; i < 1000; ++i) {
    const Seconds now = monotonic_now();
    EXPECT_GE(now, before);
    before = now;
  }
}

TEST(Clock, TimestampsAreUtcInIso8601) {
  const std::string stamp = utc_timestamp();
  ASSERT_EQ(stamp.size(), 20U);
  const std::string pattern = "dddd-dd-ddTdd:dd:ddZ";
  for (std::size_t i = 0; i < stamp.size(); ++i) {
    if (pattern[i] == 'd') {
      EXPECT_TRUE(stamp[i] >= '0' && stamp[i] <= '9') << stamp;
    } else {
      EXPECT_EQ(stamp[i], pattern[i]) << stamp;
    }
  }
  EXPECT_GE(stamp, "2024-01-01T00:00:00Z");
}

}  // namespace
}  // namespace frugal
