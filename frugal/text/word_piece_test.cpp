#include "frugal/text/word_piece.h"

#include <gtest/gtest.h>

#include <tuple>

#include "frugal/base/error.h"
#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

using Ids = std::vector<TokenId>;
using Words = std::vector<std::string>;

// [UNK] = 0, [CLS] = 1, [SEP] = 2.
Vocabulary bert_vocabulary() {
  Vocabulary vocabulary;
  vocabulary.model = "bert";
  vocabulary.unknown = add_token(vocabulary, "[UNK]", 0.0F, TokenType::kUnknown);
  vocabulary.bos = add_token(vocabulary, "[CLS]", 0.0F, TokenType::kControl);
  vocabulary.sep = add_token(vocabulary, "[SEP]", 0.0F, TokenType::kControl);
  return vocabulary;
}

TokenId add_start(Vocabulary& vocabulary, const std::string& text) {
  return add_token(vocabulary, "\xE2\x96\x81" + text);
}

TEST(BertWords, CutsAtWhiteSpaceAndAroundPunctuationAndHan) {
  EXPECT_EQ(bert_words(" don't\u00A0go,  漢字x$y ", true, true),
            (Words{"don", "'", "t", "go", ",", "漢", "字", "x", "$", "y"}));
}

TEST(BertWords, LowersAndStripsAccentsAsAsked) {
  EXPECT_EQ(bert_words("ÉcoLE e\u0301", true, true), (Words{"ecole", "e"}));
  EXPECT_EQ(bert_words("ÉcoLE", false, false), Words{"ÉcoLE"});
  EXPECT_EQ(bert_words("ÉcoLE", false, true), Words{"EcoLE"});
  EXPECT_EQ(bert_words("ÉcoLE", true, false), Words{"école"});
}

TEST(BertWords, DropsControlCharactersAndBrokenBytes) {
  EXPECT_EQ(bert_words("a\x01\u200D\uFFFD\xFF\xE2\x96"
                       "b",
                       true, true),
            Words{"ab"});
  EXPECT_EQ(bert_words(std::string("a\0b", 3), true, true), Words{"ab"});
  EXPECT_EQ(bert_words("", true, true), Words{});
}

TEST(WordPiece, TakesTheLongestTokenFirst) {
  Vocabulary vocabulary = bert_vocabulary();
  add_start(vocabulary, "un");
  const TokenId una = add_start(vocabulary, "una");
  const TokenId ffable = add_token(vocabulary, "ffable");
  add_token(vocabulary, "ff");
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("Unaffable", {}), (Ids{una, ffable}));
}

TEST(WordPiece, MakesAWordThatItCannotTakeApartOneUnknown) {
  Vocabulary vocabulary = bert_vocabulary();
  const TokenId ab = add_start(vocabulary, "ab");
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("abc ab", {}), (Ids{0, ab}));
  vocabulary.unknown.reset();
  vocabulary.types[0] = TokenType::kControl;
  EXPECT_THROW(std::ignore = make_tokenizer(vocabulary)->encode("abc", {}), Error);
}

TEST(WordPiece, PutsClassInFrontAndSeparatorAtTheEnd) {
  Vocabulary vocabulary = bert_vocabulary();
  const TokenId a = add_start(vocabulary, "a");
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("a", {.add_special = true}), (Ids{1, a, 2}));
  EXPECT_EQ(tokenizer->encode("a [SEP] a", {.parse_special = true}), (Ids{a, 2, a}));
}

TEST(WordPiece, ClosesUpTheSpacesItDecodes) {
  Vocabulary vocabulary = bert_vocabulary();
  const TokenId it = add_start(vocabulary, "it");
  const TokenId mark = add_start(vocabulary, "'");
  const TokenId s = add_start(vocabulary, "s");
  const TokenId stop = add_start(vocabulary, ".");
  const TokenId self = add_token(vocabulary, "self");
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->decode(Ids{1, it, mark, s, it, self, stop, 2}), "it's itself.");
  EXPECT_EQ(tokenizer->piece(it), " it");
}

TEST(WordPiece, TakesAMegabyteOfOneLetter) {
  Vocabulary vocabulary = bert_vocabulary();
  add_start(vocabulary, "a");
  add_token(vocabulary, "aaaa");
  add_token(vocabulary, "a");
  const std::string text((std::size_t{1} << 20) + 1, 'a');
  EXPECT_EQ(make_tokenizer(vocabulary)->encode(text, {}).size(), (text.size() / 4) + 1);
}

}  // namespace
}  // namespace frugal::text
