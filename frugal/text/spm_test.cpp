#include "frugal/text/spm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/text/utf8.h"
#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

using Ids = std::vector<TokenId>;

// Without the space prefix, which most tests would only have to look past.
Vocabulary bare_vocabulary() {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.add_space_prefix = false;
  return vocabulary;
}

// The texts of the tokens, separated by '|'.
std::string shown(const Tokenizer& tokenizer, const Ids& ids) {
  std::string out;
  for (const TokenId id : ids) {
    if (!out.empty()) out += '|';
    out += tokenizer.vocabulary().tokens.at(static_cast<std::size_t>(id));
  }
  return out;
}

std::string tokens_of(const Vocabulary& vocabulary, std::string_view text,
                      const EncodeOptions& options = {}) {
  const auto tokenizer = make_tokenizer(vocabulary);
  return shown(*tokenizer, tokenizer->encode(text, options));
}

void add_tokens(Vocabulary& vocabulary, const std::vector<std::pair<const char*, float>>& tokens) {
  for (const auto& [text, score] : tokens) add_token(vocabulary, text, score);
}

TEST(Spm, MergesTheBestScoreFirst) {
  Vocabulary vocabulary = bare_vocabulary();
  add_tokens(vocabulary, {{"a", -9}, {"b", -9}, {"c", -9}, {"ab", -2}, {"bc", -1}});
  EXPECT_EQ(tokens_of(vocabulary, "abc"), "a|bc");
  std::swap(vocabulary.scores[7], vocabulary.scores[8]);
  EXPECT_EQ(tokens_of(vocabulary, "abc"), "ab|c");
}

TEST(Spm, MergesTheLeftmostAmongEqualScores) {
  Vocabulary vocabulary = bare_vocabulary();
  add_tokens(vocabulary, {{"a", -9}, {"aa", -1}});
  EXPECT_EQ(tokens_of(vocabulary, "aaa"), "aa|a");
  EXPECT_EQ(tokens_of(vocabulary, "aaaaa"), "aa|aa|a");
}

TEST(Spm, MergesMergedSymbolsFurther) {
  Vocabulary vocabulary = bare_vocabulary();
  add_tokens(vocabulary, {{"h", -9},
                          {"e", -9},
                          {"l", -9},
                          {"o", -9},
                          {"he", -3},
                          {"ll", -4},
                          {"llo", -5},
                          {"hello", -6}});
  EXPECT_EQ(tokens_of(vocabulary, "hello"), "hello");
  EXPECT_EQ(tokens_of(vocabulary, "hellohe"), "hello|he");
}

TEST(Spm, ReachesALongTokenOnlyThroughTokens) {
  Vocabulary vocabulary = bare_vocabulary();
  add_tokens(vocabulary, {{"a", -9}, {"b", -9}, {"c", -9}, {"abc", -1}});
  EXPECT_EQ(tokens_of(vocabulary, "abc"), "a|b|c");
}

TEST(Spm, WritesSpacesAsU2581AndPutsOneInFront) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_tokens(vocabulary, {{"a", -9},
                          {"\xE2\x96\x81"
                           "a",
                           -1},
                          {"\xE2\x96\x81\xE2\x96\x81", -2}});
  EXPECT_EQ(tokens_of(vocabulary, "a"), "▁a");
  EXPECT_EQ(tokens_of(vocabulary, "a a"), "▁a|▁a");
  EXPECT_EQ(tokens_of(vocabulary, " a"), "▁|▁a");
  EXPECT_EQ(tokens_of(vocabulary, " "), "▁▁");
  vocabulary.add_space_prefix = false;
  EXPECT_EQ(tokens_of(vocabulary, "a a"), "a|▁a");
}

TEST(Spm, MakesNothingOfAnEmptyText) {
  const auto tokenizer = make_tokenizer(tiny_vocabulary());
  EXPECT_EQ(tokenizer->encode("", {}), Ids{});
  EXPECT_EQ(tokenizer->decode({}), "");
}

TEST(Spm, WritesUnknownCharactersAsBytes) {
  Vocabulary vocabulary = bare_vocabulary();
  const TokenId bytes = add_byte_tokens(vocabulary);
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("\xC3\xA4\n", {}), (Ids{bytes + 0xC3, bytes + 0xA4, bytes + '\n'}));
}

TEST(Spm, WritesBrokenUtf8AsBytesWithoutTouchingItsNeighbours) {
  Vocabulary vocabulary = bare_vocabulary();
  const TokenId bytes = add_byte_tokens(vocabulary);
  const TokenId a = add_token(vocabulary, "a");
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("\xF0"
                              "a\xFF",
                              {}),
            (Ids{bytes + 0xF0, a, bytes + 0xFF}));
}

TEST(Spm, MakesACharacterUnknownWhenAnyOfItsBytesHasNoToken) {
  Vocabulary vocabulary = bare_vocabulary();
  add_token(vocabulary, "<0xC3>", 0.0F, TokenType::kByte);
  const TokenId a = add_token(vocabulary, "a");
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("a\xC3\xA4"
                              "a\xE2\x82\xAC",
                              {}),
            (Ids{a, 0, a, 0}));
}

TEST(Spm, RefusesACharacterThatNothingCanStandFor) {
  Vocabulary vocabulary = bare_vocabulary();
  vocabulary.types[0] = TokenType::kControl;
  vocabulary.unknown.reset();
  const auto tokenizer = make_tokenizer(vocabulary);
  try {
    std::ignore = tokenizer->encode("\xC3\xA4", {});
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find("'\xC3\xA4'"), std::string::npos) << error.what();
  }
}

TEST(Spm, AddsBeginAndEndOnlyWhenAskedAndWanted) {
  Vocabulary vocabulary = bare_vocabulary();
  const TokenId a = add_token(vocabulary, "a");
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", {.add_special = true}), Ids{a});
  vocabulary.add_bos = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", {.add_special = true}), (Ids{1, a}));
  vocabulary.add_eos = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", {.add_special = true}), (Ids{1, a, 2}));
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("", {.add_special = true}), (Ids{1, 2}));
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", {}), Ids{a});
}

TEST(Spm, PutsASpaceInFrontOfEachStretchAfterASpecialToken) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_tokens(vocabulary, {{"a", -9},
                          {"\xE2\x96\x81"
                           "a",
                           -1}});
  add_token(vocabulary, "<u>", 0.0F, TokenType::kUserDefined);
  vocabulary.add_bos = true;
  const EncodeOptions options = {.add_special = true, .parse_special = true};
  EXPECT_EQ(tokens_of(vocabulary, "a</s>a a", options), "<s>|▁a|</s>|▁a|▁a");
  EXPECT_EQ(tokens_of(vocabulary, "<u>a", options), "<s>|<u>|▁a");
  EXPECT_EQ(tokens_of(vocabulary, "</s>", options), "<s>|</s>");
}

// "</s>" could be put together from "</" and "s>": text must not end a text by chance.
TEST(Spm, NeverMergesTextIntoAControlToken) {
  Vocabulary vocabulary = bare_vocabulary();
  add_tokens(vocabulary, {{"<", -9}, {"/", -9}, {"s", -9}, {">", -9}, {"</", -1}, {"s>", -1}});
  EXPECT_EQ(tokens_of(vocabulary, "</s>"), "</|s>");
  EXPECT_EQ(tokens_of(vocabulary, "</s>", {.parse_special = true}), "</s>");
}

TEST(Spm, GivesPiecesByTheTypeOfTheToken) {
  Vocabulary vocabulary = tiny_vocabulary();
  const TokenId word = add_token(vocabulary,
                                 "\xE2\x96\x81"
                                 "a\xE2\x96\x81");
  const TokenId user = add_token(vocabulary, "<u>", 0.0F, TokenType::kUserDefined);
  const TokenId unused = add_token(vocabulary, "x", 0.0F, TokenType::kUnused);
  const TokenId byte = add_token(vocabulary, "<0xE2>", 0.0F, TokenType::kByte);
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->piece(word), " a ");
  EXPECT_EQ(tokenizer->piece(user), "<u>");
  EXPECT_EQ(tokenizer->piece(unused), "x");
  EXPECT_EQ(tokenizer->piece(byte), "\xE2");
  EXPECT_EQ(tokenizer->piece(0), "");
  EXPECT_EQ(tokenizer->piece(1), "");
  EXPECT_EQ(tokenizer->piece(0, true), "<unk>");
  EXPECT_EQ(tokenizer->piece(1, true), "<s>");
}

TEST(Spm, RefusesToDecodeIdsOutsideTheVocabulary) {
  const auto tokenizer = make_tokenizer(tiny_vocabulary());
  for (const TokenId id : {-1, 4, 1 << 30}) {
    const Ids ids = {3, id};
    try {
      std::ignore = tokenizer->decode(ids);
      ADD_FAILURE() << "decoded " << id;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    }
    EXPECT_THROW(std::ignore = tokenizer->piece(id), Error);
  }
}

TEST(Spm, DropsOnlyTheSpaceThatEncodingInserted) {
  Vocabulary vocabulary = tiny_vocabulary();
  const TokenId a = add_token(vocabulary,
                              "\xE2\x96\x81"
                              "a");
  const TokenId byte = add_token(vocabulary, "<0x20>", 0.0F, TokenType::kByte);
  const auto with_prefix = make_tokenizer(vocabulary);
  EXPECT_EQ(with_prefix->decode(Ids{a, a}), "a a");
  EXPECT_EQ(with_prefix->decode(Ids{3, a}), " a");
  EXPECT_EQ(with_prefix->decode(Ids{1, a, 2}), "a");
  EXPECT_EQ(with_prefix->decode(Ids{1, a, 2}, true), "<s>a</s>");
  EXPECT_EQ(with_prefix->decode(Ids{byte, a}), "  a") << "a space as a byte is never inserted";
  vocabulary.add_space_prefix = false;
  EXPECT_EQ(make_tokenizer(vocabulary)->decode(Ids{a, a}), " a a");
}

TEST(Spm, DecodesWhatStandsAroundSpecialTokensExactly) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_byte_tokens(vocabulary);
  add_token(vocabulary, "<u>", 0.0F, TokenType::kUserDefined);
  add_token(vocabulary, "\xE2\x96\x81\xE2\x96\x81", -1.0F, TokenType::kUserDefined);
  const auto tokenizer = make_tokenizer(vocabulary);
  for (const char* text : {"a<u>b", "a <u> b", "<u>", " <u>  <u> ", "<s>a</s> b", "   ", "a   b"}) {
    const Ids ids = tokenizer->encode(text, {.parse_special = true});
    EXPECT_EQ(tokenizer->decode(ids, true), text) << shown(*tokenizer, ids);
  }
}

// The rule without queue: look at all neighbours, merge the best, again.
Ids reference_encode(const Vocabulary& vocabulary, const std::string& text) {
  std::vector<std::string> symbols;
  for (const char c : text) symbols.emplace_back(1, c);
  const auto id_of = [&](const std::string& token) {
    const auto found = std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), token);
    return static_cast<std::size_t>(found - vocabulary.tokens.begin());
  };
  while (true) {
    std::size_t best = symbols.size();
    float best_score = 0.0F;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const std::size_t id = id_of(symbols[i] + symbols[i + 1]);
      if (id == vocabulary.tokens.size()) continue;
      if (best < symbols.size() && vocabulary.scores[id] <= best_score) continue;
      best = i;
      best_score = vocabulary.scores[id];
    }
    if (best == symbols.size()) break;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  Ids ids;
  for (const std::string& symbol : symbols) ids.push_back(static_cast<TokenId>(id_of(symbol)));
  return ids;
}

std::string random_word(std::mt19937& random, std::size_t length) {
  std::string word;
  for (std::size_t i = 0; i < length; ++i) word += static_cast<char>('a' + (random() % 3));
  return word;
}

TEST(Spm, AgreesWithMergingTheBestOfAllNeighboursAgainAndAgain) {
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    Vocabulary vocabulary = bare_vocabulary();
    std::set<std::string> words = {"a", "b", "c"};
    for (int i = 0; i < 25; ++i) words.insert(random_word(random, 2 + (random() % 4)));
    // Few different scores, so that ties are common.
    for (const auto& word : words) add_token(vocabulary, word, -static_cast<float>(random() % 4));
    const std::string text = random_word(random, random() % 40);
    const auto tokenizer = make_tokenizer(vocabulary);
    ASSERT_EQ(tokenizer->encode(text, {}), reference_encode(vocabulary, text)) << text;
  }
}

// A vocabulary with bytes, specials and some words over a few characters and spaces.
Vocabulary random_vocabulary(std::mt19937& random) {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.add_space_prefix = random() % 2 == 0;
  add_byte_tokens(vocabulary);
  const std::vector<std::string> parts = {"a", "b", "\xC3\xA4", "\xE2\x96\x81"};
  for (int i = 0; i < 30; ++i) {
    std::string word;
    for (std::size_t n = 1 + (random() % 4); n > 0; --n) word += parts[random() % parts.size()];
    add_token(vocabulary, word, -static_cast<float>(random() % 10),
              random() % 8 == 0 ? TokenType::kUnused : TokenType::kNormal);
  }
  add_token(vocabulary, "ab", 0.0F, TokenType::kUserDefined);
  return vocabulary;
}

std::string random_text(std::mt19937& random) {
  const std::vector<std::string> parts = {"a",    "b",    "\xC3\xA4",           " ",
                                          "  ",   "\n",   std::string(1, '\0'), "</s>",
                                          "\xC3", "\xFF", "\xE2\x96",           "<0x41>"};
  std::string text;
  for (std::size_t n = random() % 30; n > 0; --n) text += parts[random() % parts.size()];
  return text;
}

// Any bytes but U+2581, which the rule cannot tell from a space.
TEST(Spm, DecodesWhatItEncodedForAnyBytes) {
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    const auto tokenizer = make_tokenizer(random_vocabulary(random));
    const std::string text = random_text(random);
    const Ids ids = tokenizer->encode(text, {});
    ASSERT_EQ(tokenizer->decode(ids), text) << shown(*tokenizer, ids);
    const Ids special = tokenizer->encode(text, {.parse_special = true});
    ASSERT_EQ(tokenizer->decode(special, true), text) << shown(*tokenizer, special);
  }
}

TEST(Spm, ReadsU2581BackAsASpace) {
  Vocabulary vocabulary = tiny_vocabulary();
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("\xE2\x96\x81", {})), " ");
}

TEST(Spm, StreamsTheSameTextPieceByPiece) {
  std::mt19937 random(6);
  for (int round = 0; round < 500; ++round) {
    Vocabulary vocabulary = random_vocabulary(random);
    vocabulary.add_space_prefix = false;
    const auto tokenizer = make_tokenizer(vocabulary);
    const Ids ids = tokenizer->encode(random_text(random), {});
    Utf8Stream by_piece;
    std::string joined;
    for (const TokenId id : ids) joined += by_piece.push(tokenizer->piece(id));
    joined += by_piece.finish();
    Utf8Stream at_once;
    std::string whole = at_once.push(tokenizer->decode(ids));
    whole += at_once.finish();
    ASSERT_EQ(joined, whole);
  }
}

// Deep chains of merges must neither recurse nor look at every pair again for each merge: the
// naive rule would take 10^11 steps here.
TEST(Spm, MergesAMegabyteOfOneLetter) {
  Vocabulary vocabulary = bare_vocabulary();
  std::string word = "a";
  for (int i = 0; i < 10; ++i) {
    add_token(vocabulary, word, -static_cast<float>(10 - i));
    word += word;
  }
  const auto tokenizer = make_tokenizer(vocabulary);
  const Ids ids = tokenizer->encode(std::string(std::size_t{1} << 20, 'a'), {});
  EXPECT_EQ(ids.size(), std::size_t{1} << 11);
  EXPECT_EQ(tokenizer->piece(ids.front()).size(), 512U);
  EXPECT_EQ(tokenizer->piece(ids.back()).size(), 512U);
}

}  // namespace
}  // namespace frugal::text
