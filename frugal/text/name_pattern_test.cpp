#include "frugal/text/name_pattern.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"

namespace frugal::text {
namespace {

void expect_refused(const std::string& pattern, std::string_view name, std::string_view part) {
  try {
    static_cast<void>(NamePattern(pattern).found_in(name));
    ADD_FAILURE() << "accepted " << pattern;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(NamePattern, IsFoundAnywhereUnlessAnchored) {
  EXPECT_TRUE(NamePattern("ffn_down").found_in("blk.3.ffn_down.weight"));
  EXPECT_FALSE(NamePattern("^ffn_down").found_in("blk.3.ffn_down.weight"));
  EXPECT_TRUE(NamePattern(R"(blk\.(0|1|2)\.attn_[qkv])").found_in("blk.2.attn_k.weight"));
  EXPECT_FALSE(NamePattern(R"(blk\.(0|1|2)\.attn_[qkv]\.)").found_in("blk.12.attn_k.weight"));
  EXPECT_TRUE(NamePattern("").found_in(""));
}

TEST(NamePattern, TakesNamesOfAnyBytes) {
  EXPECT_TRUE(NamePattern("x$").found_in(std::string_view("\xff\xfe\0x", 4)));
}

TEST(NamePattern, SaysWhereAPatternIsMalformed) {
  expect_refused("blk.(0", "", "at byte 6");
  expect_refused("[z-a]", "", "expected a regular expression");
  expect_refused(std::string(5000, 'a'), "", "up to 1000");
}

TEST(NamePattern, GivesUpOnWhatWouldTakeForEver) {
  expect_refused("(a+)+$", std::string(60, 'a') + "b", "expected a simpler expression");
}

}  // namespace
}  // namespace frugal::text
