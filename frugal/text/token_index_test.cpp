#include "frugal/text/token_index.h"

#include <gtest/gtest.h>

#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

TEST(ParseByteToken, ReadsTwoHexDigitsOfEitherCase) {
  EXPECT_EQ(parse_byte_token("<0x00>"), 0);
  EXPECT_EQ(parse_byte_token("<0x41>"), 0x41);
  EXPECT_EQ(parse_byte_token("<0xFf>"), 0xFF);
}

TEST(ParseByteToken, RefusesEveryOtherForm) {
  for (const char* text : {"", "<0x>", "<0x4>", "<0x414>", "<0xG1>", "<0x1G>", "<0x-1>", "<0x 1>",
                           "<0X41>", "[0x41]", "<0x41> ", "0x41", "<0x41"}) {
    EXPECT_EQ(parse_byte_token(text), std::nullopt) << text;
  }
}

TEST(TokenIndex, FindsWholeTokensOnly) {
  Vocabulary vocabulary = tiny_vocabulary();
  const TokenId hello = add_token(vocabulary, "hello");
  const TokenIndex index(vocabulary);
  EXPECT_EQ(index.find("hello"), hello);
  EXPECT_EQ(index.find("hell"), std::nullopt);
  EXPECT_EQ(index.find("hello!"), std::nullopt);
  EXPECT_EQ(index.find(""), std::nullopt);
}

TEST(TokenIndex, LetsTheLaterOfTwoEqualTokensWin) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_token(vocabulary, "a");
  const TokenId later = add_token(vocabulary, "a");
  EXPECT_EQ(TokenIndex(vocabulary).find("a"), later);
}

TEST(TokenIndex, NeverFindsControlUnknownAndByteTokensByTheirText) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_byte_tokens(vocabulary);
  const TokenId user = add_token(vocabulary, "<user>", 0.0F, TokenType::kUserDefined);
  const TokenId unused = add_token(vocabulary, "<unused>", 0.0F, TokenType::kUnused);
  const TokenIndex index(vocabulary);
  for (const char* text : {"<unk>", "<s>", "</s>", "<0x41>"}) {
    EXPECT_EQ(index.find(text), std::nullopt) << text;
  }
  EXPECT_EQ(index.find("<user>"), user);
  EXPECT_EQ(index.find("<unused>"), unused);
}

TEST(TokenIndex, IgnoresEmptyTokens) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_token(vocabulary, "");
  EXPECT_EQ(TokenIndex(vocabulary).find(""), std::nullopt);
}

TEST(TokenIndex, FindsEveryByteToken) {
  Vocabulary vocabulary = tiny_vocabulary();
  const TokenId first = add_byte_tokens(vocabulary);
  const TokenIndex index(vocabulary);
  for (int value = 0; value < 256; ++value) {
    EXPECT_EQ(index.find_byte(static_cast<unsigned char>(value)), first + value);
  }
}

TEST(TokenIndex, FallsBackToBytesThatAreMarkedNormalOrWrittenPlainly) {
  Vocabulary vocabulary = tiny_vocabulary();
  const TokenId marked = add_token(vocabulary, "<0x0A>");
  const TokenId plain = add_token(vocabulary, "b");
  const TokenIndex index(vocabulary);
  EXPECT_EQ(index.find_byte('\n'), marked);
  EXPECT_EQ(index.find_byte('b'), plain);
  EXPECT_EQ(index.find_byte('c'), std::nullopt);
}

TEST(TokenIndex, PrefersTheRealByteToken) {
  Vocabulary vocabulary = tiny_vocabulary();
  const TokenId real = add_token(vocabulary, "<0x62>", 0.0F, TokenType::kByte);
  add_token(vocabulary, "b");
  EXPECT_EQ(TokenIndex(vocabulary).find_byte('b'), real);
}

}  // namespace
}  // namespace frugal::text
