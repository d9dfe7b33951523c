#include "frugal/base/crc32c.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace frugal {
namespace {

std::uint32_t of(std::string_view text, std::uint32_t before = 0) {
  return crc32c(std::as_bytes(std::span(text.data(), text.size())), before);
}

TEST(Crc32c, GivesTheValuesOfTheStandard) {
  EXPECT_EQ(of("123456789"), 0xE3069283U);
  EXPECT_EQ(of(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(of(std::string(32, '\xFF')), 0x62A8AB43U);
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  EXPECT_EQ(of(ascending), 0x46DD794EU);
  EXPECT_EQ(of(std::string(ascending.rbegin(), ascending.rend())), 0x113FDB5CU);
  EXPECT_EQ(of(""), 0U);
}

TEST(Crc32c, OfTwoPartsIsThatOfTheWhole) {
  const std::string whole = "The quick brown fox jumps over the lazy dog, twice.";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    EXPECT_EQ(of(whole.substr(cut), of(whole.substr(0, cut))), of(whole));
  }
}

TEST(Crc32c, SeesEveryBit) {
  const std::string text(19, 'x');
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(of(changed), of(text)) << bit;
  }
}

}  // namespace
}  // namespace frugal
