#include "frugal/tune/space.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "frugal/base/error.h"

namespace frugal::tune {
namespace {

Space mixed() {
  Space space;
  space.add_float("x", -1.0, 2.0)
      .add_log_float("rate", 1e-5, 1e-1)
      .add_integer("layers", 2, 6)
      .add_category("kind", {"a", "b", "c"});
  return space;
}

TEST(Space, SamplesLieInsideAndCoverTheRange) {
  const Space space = mixed();
  Random random(1);
  std::array<int, 7> layers{};
  int small_rates = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Point point = space.sample(random);
    ASSERT_TRUE(space.contains(point));
    ++layers.at(static_cast<std::size_t>(point[2]));
    small_rates += point[1] < 1e-3 ? 1 : 0;
  }
  for (std::size_t i = 2; i <= 6; ++i) EXPECT_NEAR(layers.at(i), 2000, 200);
  EXPECT_NEAR(small_rates, 5000, 250);  // half of the logarithm's line
}

TEST(Space, KnowsWhatLiesOutside) {
  const Space space = mixed();
  EXPECT_TRUE(space.contains({0.0, 1e-3, 3.0, 2.0}));
  EXPECT_FALSE(space.contains({2.1, 1e-3, 3.0, 2.0}));
  EXPECT_FALSE(space.contains({0.0, 1e-3, 3.5, 2.0}));
  EXPECT_FALSE(space.contains({0.0, 1e-3, 3.0, 3.0}));
  EXPECT_FALSE(space.contains({0.0, std::nan(""), 3.0, 2.0}));
  EXPECT_FALSE(space.contains({0.0, 1e-3, 3.0}));
}

TEST(Space, PlacesOnTheLineComeBack) {
  const Space space = mixed();
  Random random(2);
  for (int i = 0; i < 1000; ++i) {
    const Point point = space.sample(random);
    for (std::size_t p = 0; p < point.size(); ++p) {
      const Parameter& parameter = space.parameters()[p];
      const double place = parameter.to_line(point[p]);
      EXPECT_GE(place, parameter.line_low());
      EXPECT_LE(place, parameter.line_high());
      EXPECT_NEAR(parameter.from_line(place), point[p], 1e-12);
    }
  }
  EXPECT_EQ(space.parameters()[2].from_line(6.4), 6.0);
  EXPECT_EQ(space.parameters()[1].from_line(99.0), 1e-1);
}

TEST(Space, FindsParametersByName) {
  EXPECT_EQ(mixed().find("layers"), 2U);
  EXPECT_FALSE(mixed().find("depth").has_value());
}

TEST(Space, RefusesParametersWithoutMeaning) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  EXPECT_THROW(Space().add_float("", 0, 1), Error);
  EXPECT_THROW(Space().add_float("x", 0, 1).add_float("x", 0, 1), Error);
  EXPECT_THROW(Space().add_float("x", 1, 0), Error);
  EXPECT_THROW(Space().add_float("x", 0, kInfinite), Error);
  EXPECT_THROW(Space().add_float("x", std::nan(""), 1), Error);
  EXPECT_THROW(Space().add_log_float("x", 0, 1), Error);
  EXPECT_THROW(Space().add_integer("x", 0, std::int64_t{1} << 60U), Error);
  EXPECT_THROW(Space().add_category("x", {}), Error);
}

}  // namespace
}  // namespace frugal::tune
