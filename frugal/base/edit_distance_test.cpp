#include "frugal/base/edit_distance.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(EditDistance, CountsTheChangesBetweenTwoWords) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
  EXPECT_EQ(edit_distance("steps", "steps"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
}

TEST(EditDistance, IsTheSameBothWays) {
  for (const auto* other : {"", "a", "Germany", "Gremany", "yermanG"}) {
    EXPECT_EQ(edit_distance("Germany", other), edit_distance(other, "Germany")) << other;
  }
}

}  // namespace
}  // namespace frugal
