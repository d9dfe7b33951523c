#include "frugal/text/prefix_index.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

using Found = std::vector<std::pair<std::size_t, TokenId>>;

Found all(const PrefixIndex& index, std::string_view text) {
  Found found;
  index.each(text, [&](std::size_t length, TokenId token) { found.emplace_back(length, token); });
  return found;
}

TEST(PrefixIndex, FindsAllTokensThatATextBeginsWithTheShortestFirst) {
  Vocabulary vocabulary;
  const TokenId abc = add_token(vocabulary, "abc");
  const TokenId a = add_token(vocabulary, "a");
  add_token(vocabulary, "b");
  const TokenId ab = add_token(vocabulary, "ab");
  add_token(vocabulary, "abd");
  const PrefixIndex index(vocabulary);
  EXPECT_EQ(all(index, "abcd"), (Found{{1, a}, {2, ab}, {3, abc}}));
  EXPECT_EQ(all(index, "ab"), (Found{{1, a}, {2, ab}}));
  EXPECT_EQ(all(index, "x"), Found{});
  EXPECT_EQ(all(index, ""), Found{});
}

TEST(PrefixIndex, OrdersBytesAboveAsciiAfterIt) {
  Vocabulary vocabulary;
  const TokenId high = add_token(vocabulary, "\xFF");
  const TokenId low = add_token(vocabulary, "z");
  const TokenId zero = add_token(vocabulary, std::string(1, '\0'));
  const PrefixIndex index(vocabulary);
  EXPECT_EQ(all(index, "\xFF"), (Found{{1, high}}));
  EXPECT_EQ(all(index, "z"), (Found{{1, low}}));
  EXPECT_EQ(all(index, std::string(2, '\0')), (Found{{1, zero}}));
}

TEST(PrefixIndex, LetsTheLaterOfTwoEqualTokensWin) {
  Vocabulary vocabulary;
  add_token(vocabulary, "a");
  const TokenId later = add_token(vocabulary, "a");
  EXPECT_EQ(all(PrefixIndex(vocabulary), "aa"), (Found{{1, later}}));
}

TEST(PrefixIndex, LeavesOutControlUnknownAndByteTokensAndTheVeryLong) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_byte_tokens(vocabulary);
  add_token(vocabulary, std::string(1025, 'a'));
  const TokenId user = add_token(vocabulary, "<user>", 0.0F, TokenType::kUserDefined);
  const PrefixIndex index(vocabulary);
  EXPECT_EQ(all(index, "<s>"), Found{});
  EXPECT_EQ(all(index, "<0x41>"), Found{});
  EXPECT_EQ(all(index, std::string(2000, 'a')), Found{});
  EXPECT_EQ(all(index, "<user>"), (Found{{6, user}}));
}

}  // namespace
}  // namespace frugal::text
