#include "frugal/text/unigram.h"

#include <gtest/gtest.h>

#include <tuple>

#include "frugal/base/error.h"
#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

using Ids = std::vector<TokenId>;

// <unk> = 0, <s> = 1, </s> = 2, "▁" = 3 with score -1000; no space in front.
Vocabulary unigram_vocabulary() {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.model = "t5";
  vocabulary.add_space_prefix = false;
  return vocabulary;
}

TEST(Unigram, TakesTheWayOfTheBestSum) {
  Vocabulary vocabulary = unigram_vocabulary();
  const TokenId a = add_token(vocabulary, "a", -1);
  add_token(vocabulary, "ab", -2);
  add_token(vocabulary, "c", -9);
  const TokenId bc = add_token(vocabulary, "bc", -3);
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("abc", {}), (Ids{a, bc}));
}

TEST(Unigram, KeepsTheFirstOfTwoEqualWays) {
  Vocabulary vocabulary = unigram_vocabulary();
  const TokenId a = add_token(vocabulary, "a", -1);
  const TokenId b = add_token(vocabulary, "b", -1);
  const TokenId ab = add_token(vocabulary, "ab", -2);
  std::ignore = a;
  std::ignore = b;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("ab", {}), Ids{ab});
}

TEST(Unigram, MakesARunOfUnknownCharactersOneToken) {
  Vocabulary vocabulary = unigram_vocabulary();
  const TokenId a = add_token(vocabulary, "a", -1);
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a漢字a", {}), (Ids{a, 0, a}));
}

TEST(Unigram, WritesUnknownCharactersByteByByteWhereAllBytesHaveTokens) {
  Vocabulary vocabulary = unigram_vocabulary();
  const TokenId bytes = add_byte_tokens(vocabulary);
  const auto tokenizer = make_tokenizer(vocabulary);
  const Ids ids = {bytes + 0xC3, bytes + 0xA9};
  EXPECT_EQ(tokenizer->encode("é", {}), ids);
  EXPECT_EQ(tokenizer->decode(ids), "é");
}

TEST(Unigram, SaysWhatNoTokenStandsFor) {
  Vocabulary vocabulary = unigram_vocabulary();
  vocabulary.unknown.reset();
  vocabulary.types[0] = TokenType::kControl;
  EXPECT_THROW(std::ignore = make_tokenizer(vocabulary)->encode("a", {}), Error);
}

TEST(Unigram, WritesSpacesAsTheVocabularyAsks) {
  Vocabulary vocabulary = unigram_vocabulary();
  const TokenId a = add_token(vocabulary, "a", -1);
  const TokenId space_a = add_token(vocabulary,
                                    "\xE2\x96\x81"
                                    "a",
                                    -1);
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a  a ", {}), (Ids{a, 3, space_a, 3}));
  vocabulary.add_space_prefix = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a a", {}), (Ids{space_a, space_a}));
  vocabulary.remove_extra_spaces = true;
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("  a   a ", {}), (Ids{space_a, space_a}));
  EXPECT_EQ(tokenizer->decode(Ids{space_a, space_a}), "a a");
}

TEST(Unigram, AddsTheEndOfTextAsTheVocabularyAsks) {
  Vocabulary vocabulary = unigram_vocabulary();
  const TokenId a = add_token(vocabulary, "a", -1);
  vocabulary.add_eos = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", {.add_special = true}), (Ids{a, 2}));
}

TEST(Unigram, PrefersUserDefinedTokens) {
  Vocabulary vocabulary = unigram_vocabulary();
  add_token(vocabulary, "ab", -0.5);
  const TokenId user = add_token(vocabulary, "abc", -50, TokenType::kUserDefined);
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("abc", {}), Ids{user});
}

TEST(Unigram, TakesBrokenBytesForTheReplacementCharacter) {
  Vocabulary vocabulary = unigram_vocabulary();
  const TokenId replacement = add_token(vocabulary, "\xEF\xBF\xBD", -1);
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("\xFF\xE2\x96", {}), (Ids(3, replacement)));
}

TEST(Unigram, TakesAMegabyteOfOneLetter) {
  Vocabulary vocabulary = unigram_vocabulary();
  add_token(vocabulary, "a", -1);
  add_token(vocabulary, "aaaa", -1);
  const std::string text(std::size_t{1} << 20, 'a');
  EXPECT_EQ(make_tokenizer(vocabulary)->encode(text, {}).size(), text.size() / 4);
}

TEST(Unigram, RefusesAMalformedCharacterMap) {
  Vocabulary vocabulary = unigram_vocabulary();
  vocabulary.charsmap = "abc";
  EXPECT_THROW(std::ignore = make_tokenizer(vocabulary), Error);
}

}  // namespace
}  // namespace frugal::text
