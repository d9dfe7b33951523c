#include "frugal/text/special_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

// "plain|<token>|…": what the tests read most easily.
std::string shown(const std::vector<Fragment>& fragments) {
  std::string out;
  for (const Fragment& fragment : fragments) {
    if (!out.empty()) out += '|';
    out +=
        fragment.token ? str("{}={}", fragment.text, *fragment.token) : std::string(fragment.text);
  }
  return out;
}

TEST(SpecialTokens, LeavesAPlainTextWhole) {
  const Vocabulary vocabulary = tiny_vocabulary();
  EXPECT_EQ(shown(SpecialTokens(vocabulary).split("a < b", true)), "a < b");
  EXPECT_TRUE(SpecialTokens(vocabulary).split("", true).empty());
}

TEST(SpecialTokens, FindsControlAndUnknownTokensOnlyWhenAsked) {
  const Vocabulary vocabulary = tiny_vocabulary();
  const SpecialTokens specials(vocabulary);
  EXPECT_EQ(shown(specials.split("<s>a<unk></s>", true)), "<s>=1|a|<unk>=0|</s>=2");
  EXPECT_EQ(shown(specials.split("<s>a<unk></s>", false)), "<s>a<unk></s>");
}

TEST(SpecialTokens, AlwaysFindsUserDefinedTokens) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_token(vocabulary, "<user>", 0.0F, TokenType::kUserDefined);
  const SpecialTokens specials(vocabulary);
  EXPECT_EQ(shown(specials.split("a<user>b<user>", false)), "a|<user>=4|b|<user>=4");
  EXPECT_EQ(shown(specials.split("a<user><s>", true)), "a|<user>=4|<s>=1");
}

TEST(SpecialTokens, NeverFindsNormalUnusedAndByteTokens) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_token(vocabulary, "normal");
  add_token(vocabulary, "unused", 0.0F, TokenType::kUnused);
  add_byte_tokens(vocabulary);
  EXPECT_EQ(shown(SpecialTokens(vocabulary).split("normal unused <0x41>", true)),
            "normal unused <0x41>");
}

TEST(SpecialTokens, LetsALongerTokenTakeItsCharactersFirst) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_token(vocabulary, "[a]b", 0.0F, TokenType::kUserDefined);
  add_token(vocabulary, "b[c]d", 0.0F, TokenType::kUserDefined);
  add_token(vocabulary, "[a]", 0.0F, TokenType::kUserDefined);
  const SpecialTokens specials(vocabulary);
  EXPECT_EQ(shown(specials.split("[a]b[c]d", false)), "[a]=6|b[c]d=5");
  EXPECT_EQ(shown(specials.split("[a]bb", false)), "[a]b=4|b");
}

TEST(SpecialTokens, TakesTheLeftmostAmongTokensOfOneLength) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_token(vocabulary, "ba", 0.0F, TokenType::kUserDefined);
  add_token(vocabulary, "ab", 0.0F, TokenType::kUserDefined);
  EXPECT_EQ(shown(SpecialTokens(vocabulary).split("aba", false)), "ab=5|a");
}

TEST(SpecialTokens, LetsTheLaterOfTwoEqualTokensWin) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_token(vocabulary, "[x]", 0.0F, TokenType::kUserDefined);
  const TokenId later = add_token(vocabulary, "[x]", 0.0F, TokenType::kUserDefined);
  const SpecialTokens specials(vocabulary);
  const std::vector<Fragment> fragments = specials.split("[x]", false);
  ASSERT_EQ(fragments.size(), 1U);
  EXPECT_EQ(fragments[0].token, later);
}

TEST(SpecialTokens, IgnoresEmptyTokens) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_token(vocabulary, "", 0.0F, TokenType::kUserDefined);
  EXPECT_EQ(shown(SpecialTokens(vocabulary).split("ab", false)), "ab");
}

// One sweep over all fragments per token, longest token first.
std::vector<Fragment> reference_split(const Vocabulary& vocabulary, std::string_view text) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return vocabulary.tokens[a].size() > vocabulary.tokens[b].size();
  });
  std::vector<Fragment> fragments = {{text, std::nullopt}};
  for (const std::size_t i : order) {
    const std::string& token = vocabulary.tokens[i];
    std::vector<Fragment> finer;
    for (Fragment fragment : fragments) {
      while (!fragment.token && !fragment.text.empty()) {
        const std::size_t at = fragment.text.find(token);
        if (at == std::string_view::npos) break;
        if (at > 0) finer.push_back({fragment.text.substr(0, at), std::nullopt});
        finer.push_back({fragment.text.substr(at, token.size()), static_cast<TokenId>(i)});
        fragment.text.remove_prefix(at + token.size());
      }
      if (!fragment.text.empty()) finer.push_back(fragment);
    }
    fragments = finer;
  }
  return fragments;
}

TEST(SpecialTokens, AgreesWithOneSweepPerToken) {
  // At most one token of each length: among equals the sweeps would depend on their order.
  std::mt19937 random(3);
  std::uniform_int_distribution<int> letter('a', 'c');
  for (int round = 0; round < 2000; ++round) {
    Vocabulary vocabulary;
    for (std::size_t length = 1; length <= 5; ++length) {
      if (random() % 3 == 0) continue;
      std::string token;
      for (std::size_t i = 0; i < length; ++i) token += static_cast<char>(letter(random));
      add_token(vocabulary, token, 0.0F, TokenType::kControl);
    }
    std::string text;
    for (int i = 0; i < 30; ++i) text += static_cast<char>(letter(random));
    ASSERT_EQ(shown(SpecialTokens(vocabulary).split(text, true)),
              shown(reference_split(vocabulary, text)))
        << text;
  }
}

TEST(SpecialTokens, SwallowTheWhiteSpaceThatTheyStrip) {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.strips_right = {1};
  vocabulary.strips_left = {2};
  const SpecialTokens specials(vocabulary);
  EXPECT_EQ(shown(specials.split("a <s> \n b </s> c", true)), "a |<s>=1|b|</s>=2| c");
  EXPECT_EQ(shown(specials.split(" <s> \t", true)), " |<s>=1");
  EXPECT_EQ(shown(specials.split(" \v</s>", true)), "</s>=2");
  EXPECT_EQ(shown(specials.split("<s> </s>", true)), "<s>=1|</s>=2");
  EXPECT_EQ(shown(specials.split("a <s> b", false)), "a <s> b");
}

}  // namespace
}  // namespace frugal::text
