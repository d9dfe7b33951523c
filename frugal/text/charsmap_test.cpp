#include "frugal/text/charsmap.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <tuple>
#include <vector>

#include "frugal/base/error.h"

namespace frugal::text {
namespace {

std::string little_endian(std::uint32_t value) {
  std::string out;
  for (int i = 0; i < 4; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return out;
}

// A map that turns "A" to "a" and "AB" to "xyz".  The root's children begin at 0: 'A' is unit 65.
// Those of 'A' begin at 65 ^ 256 = 321: its value hangs at 321 itself, 'B' at 321 ^ 66 = 259.
// Those of 'B' begin at 259 ^ 512 = 771, where its value hangs.
std::string sample_map() {
  std::vector<std::uint32_t> units(800, 0xFFU);
  constexpr std::uint32_t kHasValue = 1U << 8U;
  units[0] = 0;
  units[65] = (256U << 10U) | kHasValue | 65U;
  units[321] = 0U;
  units[259] = (512U << 10U) | kHasValue | 66U;
  units[771] = 2U;
  std::string bytes = little_endian(static_cast<std::uint32_t>(units.size() * 4));
  for (const std::uint32_t unit : units) bytes += little_endian(unit);
  return bytes + std::string("a\0xyz\0", 6);
}

TEST(Charsmap, RewritesTheLongestStretch) {
  const Charsmap map(sample_map());
  const auto one = map.longest("AC");
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->length, 1U);
  EXPECT_EQ(one->replacement, "a");
  const auto two = map.longest("ABC");
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->length, 2U);
  EXPECT_EQ(two->replacement, "xyz");
}

TEST(Charsmap, LeavesAloneWhatHasNoReplacement) {
  EXPECT_FALSE(Charsmap(sample_map()).longest("B").has_value());
  EXPECT_FALSE(Charsmap(sample_map()).longest("").has_value());
  EXPECT_FALSE(Charsmap("").longest("A").has_value());
}

TEST(Charsmap, RefusesPartsThatDoNotFitIn) {
  const std::string whole = sample_map();
  for (const std::string& bytes :
       {std::string("\0", 1), std::string("\0\0\0", 3), little_endian(8) + std::string(4, '\0'),
        little_endian(3) + std::string(4, '\0'), little_endian(0xFFFFFFFF) + std::string(8, '\0'),
        whole.substr(0, whole.size() - 1)}) {
    EXPECT_THROW(std::ignore = Charsmap(bytes), Error) << bytes.size();
  }
}

TEST(Charsmap, MatchesNothingWhereAUnitPointsNowhere) {
  std::string bytes = little_endian(4) + little_endian(0xFFFFFFFF) + std::string(1, '\0');
  EXPECT_FALSE(Charsmap(bytes).longest("A").has_value());
  std::string map = sample_map();
  map.replace(4 + (321 * 4), 4, little_endian(1000));  // beyond the replacements
  EXPECT_FALSE(Charsmap(map).longest("A").has_value());
}

}  // namespace
}  // namespace frugal::text
