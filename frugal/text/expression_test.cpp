#include "frugal/text/expression.h"

#include <gtest/gtest.h>

#include <string>

namespace frugal::text {
namespace {

using Pieces = std::vector<std::string_view>;

TEST(Expression, GivesMatchesAndWhatLiesBetween) {
  EXPECT_EQ(Expression("[0-9]+").split({"a12b3", "45"}), (Pieces{"a", "12", "b", "3", "45"}));
}

TEST(Expression, LeavesATextWithoutAMatchWhole) {
  EXPECT_EQ(Expression("x").split({"abc", ""}), Pieces{"abc"});
}

TEST(Expression, SeesTheEndOfEachPiece) {
  EXPECT_EQ(Expression(R"(\s+(?!\S))").split({"a  b", "c  "}), (Pieces{"a", " ", " b", "c", "  "}));
}

TEST(Expression, TakesForSpaceWhatUnicodeCallsWhiteSpace) {
  const Expression spaces(R"(\s+)");
  for (const char* space :
       {" ", "\t", "\v", "\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE3\x80\x80"}) {
    const std::string text = std::string("a") + space + "b";
    EXPECT_EQ(spaces.split({text}).size(), 3U) << space;
  }
  for (const char* other : {"\xE1\xA0\x8E", "\xE2\x80\x8B", "\x1C", "\xEF\xBB\xBF"}) {
    const std::string text = std::string("a") + other + "b";
    EXPECT_EQ(spaces.split({text}).size(), 1U) << other;
  }
}

TEST(Expression, KnowsTheClassesOfUnicode) {
  EXPECT_EQ(Expression(R"(\p{L}+)").split({"Привет, 漢字!"}),
            (Pieces{"Привет", ", ", "漢字", "!"}));
  EXPECT_EQ(Expression(R"(\p{N})").split({"²½٣"}), (Pieces{"²", "½", "٣"}));
  EXPECT_EQ(Expression(R"([^\P{L}a-z]+)").split({"abÄBcé"}), (Pieces{"ab", "ÄB", "c", "é"}));
}

TEST(Expression, MeansTheVeryEndByADollar) {
  EXPECT_EQ(Expression("a$").split({"aa\n"}), Pieces{"aa\n"});
  EXPECT_EQ(Expression("a$").split({"aa"}), (Pieces{"a", "a"}));
}

TEST(ExpressionDeath, TakesAMalformedPatternForABug) {
  EXPECT_DEATH(Expression("("), "code_");
}

}  // namespace
}  // namespace frugal::text
