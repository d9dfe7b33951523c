#include "frugal/text/unicode.h"

#include <gtest/gtest.h>

namespace frugal::text {
namespace {

TEST(Unicode, KnowsWhiteSpace) {
  for (const unsigned code : {0x09U, 0x20U, 0x85U, 0xA0U, 0x1680U, 0x2009U, 0x2028U, 0x3000U}) {
    EXPECT_TRUE(is_white_space(code)) << code;
  }
  for (const unsigned code : {0x41U, 0x180EU, 0x200BU, 0xFEFFU}) {
    EXPECT_FALSE(is_white_space(code)) << code;
  }
}

TEST(Unicode, KnowsGeneralCategories) {
  EXPECT_TRUE(is_control(0x00));
  EXPECT_TRUE(is_control(0x200D));  // zero width joiner
  EXPECT_TRUE(is_control(0xE000));  // private use
  EXPECT_FALSE(is_control(0x378));  // unassigned
  EXPECT_FALSE(is_control('a'));
  EXPECT_TRUE(is_mark(0x301));
  EXPECT_FALSE(is_mark('e'));
  EXPECT_TRUE(is_punctuation('!'));
  EXPECT_TRUE(is_punctuation('_'));
  EXPECT_TRUE(is_punctuation(0x3002));
  EXPECT_FALSE(is_punctuation('+'));
  EXPECT_TRUE(is_symbol('+'));
  EXPECT_TRUE(is_symbol('^'));
  EXPECT_TRUE(is_symbol(0x20AC));
  EXPECT_FALSE(is_symbol('!'));
}

TEST(Unicode, KnowsHanAsBertListsIt) {
  EXPECT_TRUE(is_han(0x6F22));
  EXPECT_TRUE(is_han(0x20000));
  EXPECT_FALSE(is_han(0x304B));   // kana
  EXPECT_FALSE(is_han(0xAC00));   // Hangul
  EXPECT_FALSE(is_han(0x2B820));  // left out there, and so here
}

TEST(Unicode, LowersOneCodePointToOne) {
  EXPECT_EQ(lowercase('A'), 'a');
  EXPECT_EQ(lowercase('a'), 'a');
  EXPECT_EQ(lowercase(0x0416), 0x0436U);
  EXPECT_EQ(lowercase(0x1F600), 0x1F600U);
}

TEST(Unicode, GivesTheFirstPartOfADecomposedCharacter) {
  EXPECT_EQ(base_character(0xE9), 'e');
  EXPECT_EQ(base_character(0x1EC7), 'e');  // two marks
  EXPECT_EQ(base_character('e'), 'e');
  EXPECT_EQ(base_character(0xAC00), 0x1100U);  // Hangul: the leading consonant
  EXPECT_EQ(base_character(0xFB01), 0xFB01U);  // a compatibility character has no canonical one
}

}  // namespace
}  // namespace frugal::text
