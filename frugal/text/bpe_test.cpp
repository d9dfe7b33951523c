#include "frugal/text/bpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <tuple>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/text/byte_alphabet.h"
#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

using Ids = std::vector<TokenId>;

// The 256 bytes, so that the id of a byte is its value; then <s> = 256 and </s> = 257.
Vocabulary byte_vocabulary() {
  Vocabulary vocabulary;
  vocabulary.model = "gpt2";
  vocabulary.pre = "gpt-2";
  for (int byte = 0; byte < 256; ++byte) {
    add_token(vocabulary, byte_to_character(static_cast<unsigned char>(byte)));
  }
  vocabulary.bos = add_token(vocabulary, "<s>", 0.0F, TokenType::kControl);
  vocabulary.eos = add_token(vocabulary, "</s>", 0.0F, TokenType::kControl);
  return vocabulary;
}

// Adds a merge and the token it makes.
TokenId add_merge(Vocabulary& vocabulary, const std::string& left, const std::string& right) {
  vocabulary.merges.push_back(str("{} {}", left, right));
  return add_token(vocabulary, left + right);
}

std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t length) {
  std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1);
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += alphabet[pick(random)];
  return text;
}

TEST(Bpe, JoinsThePairOfTheLowestRankFirst) {
  Vocabulary vocabulary = byte_vocabulary();
  const TokenId bc = add_merge(vocabulary, "b", "c");
  add_merge(vocabulary, "a", "b");
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("abc", {}), (Ids{'a', bc}));
}

TEST(Bpe, JoinsTheLeftmostAmongEqualPairs) {
  Vocabulary vocabulary = byte_vocabulary();
  const TokenId aa = add_merge(vocabulary, "a", "a");
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("aaa", {}), (Ids{aa, 'a'}));
}

TEST(Bpe, LetsTheFirstOfTwoEqualMergesCount) {
  Vocabulary vocabulary = byte_vocabulary();
  const TokenId ab = add_merge(vocabulary, "a", "b");
  add_merge(vocabulary, "b", "c");
  vocabulary.merges.emplace_back("a b");
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("abc", {}), (Ids{ab, 'c'}));
}

TEST(Bpe, NeverJoinsBeyondAWord) {
  Vocabulary vocabulary = byte_vocabulary();
  add_merge(vocabulary, "a", "Ġ");
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a b", {}), (Ids{'a', ' ', 'b'}));
}

TEST(Bpe, KeepsAWordThatIsATokenWholeWhereMergesAreIgnored) {
  Vocabulary vocabulary = byte_vocabulary();
  const TokenId word = add_token(vocabulary, "Ġhello");
  EXPECT_EQ(make_tokenizer(vocabulary)->encode(" hello", {}).size(), 6U);
  vocabulary.pre = "llama-bpe";
  EXPECT_EQ(make_tokenizer(vocabulary)->encode(" hello", {}), Ids{word});
  vocabulary.ignore_merges = false;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode(" hello", {}).size(), 6U);
  vocabulary.pre = "gpt-2";
  vocabulary.ignore_merges = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode(" hello", {}), Ids{word});
}

TEST(Bpe, AddsBeginAndEndAsTheVocabularyAsks) {
  Vocabulary vocabulary = byte_vocabulary();
  vocabulary.add_bos = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", {.add_special = true}), (Ids{256, 'a'}));
  vocabulary.add_eos = true;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("", {.add_special = true}), (Ids{256, 257}));
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", {}), Ids{'a'});
}

TEST(Bpe, ReadsControlTokensOnlyWhenAskedAndUserDefinedOnesAlways) {
  Vocabulary vocabulary = byte_vocabulary();
  const TokenId user = add_token(vocabulary, "<u>", 0.0F, TokenType::kUserDefined);
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("<s><u>", {.parse_special = true}), (Ids{256, user}));
  EXPECT_EQ(tokenizer->encode("<s><u>", {}), (Ids{'<', 's', '>', user}));
  EXPECT_EQ(tokenizer->decode(Ids{256, user, 'a'}), "<u>a");
  EXPECT_EQ(tokenizer->decode(Ids{256, user, 'a'}, true), "<s><u>a");
}

TEST(Bpe, TakesApartWhatMergesMakeButTheVocabularyLacks) {
  Vocabulary vocabulary = byte_vocabulary();
  vocabulary.merges.emplace_back("a b");
  const TokenId abc = add_token(vocabulary, "abc");
  vocabulary.merges.emplace_back("ab c");
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("abc", {}), Ids{abc});
  EXPECT_EQ(tokenizer->encode("abd", {}), (Ids{'a', 'b', 'd'}));
}

TEST(Bpe, NeverMergesIntoAControlToken) {
  Vocabulary vocabulary = byte_vocabulary();
  vocabulary.merges = {"< s", "<s >"};
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("<s>", {}), (Ids{'<', 's', '>'}));
}

TEST(Bpe, SaysWhatNoTokenStandsFor) {
  Vocabulary vocabulary = byte_vocabulary();
  vocabulary.tokens['z'] = "<hole>";
  try {
    std::ignore = make_tokenizer(vocabulary)->encode("xyz", {});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find("'z' is not in the vocabulary"), std::string::npos);
  }
  vocabulary.unknown = 'q';
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("xyz", {}), (Ids{'x', 'y', 'q'}));
}

TEST(Bpe, RefusesAMergeWithoutTwoHalves) {
  for (const char* merge : {"", "ab", " ab"}) {
    Vocabulary vocabulary = byte_vocabulary();
    vocabulary.merges = {"a b", merge};
    try {
      std::ignore = make_tokenizer(vocabulary);
      ADD_FAILURE() << "accepted '" << merge << "'";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
      EXPECT_NE(std::string(error.what()).find("merge 1 is"), std::string::npos) << error.what();
    }
  }
}

TEST(Bpe, RefusesAnUnknownPreTokenizer) {
  Vocabulary vocabulary = byte_vocabulary();
  vocabulary.pre = "nobody's";
  EXPECT_THROW(std::ignore = make_tokenizer(vocabulary), Error);
}

// The definition: again and again the best pair of the whole word.
Ids merge_by_definition(const Vocabulary& vocabulary, const std::string& word) {
  std::map<std::pair<std::string, std::string>, std::size_t> ranks;
  for (std::size_t i = 0; i < vocabulary.merges.size(); ++i) {
    const std::size_t space = vocabulary.merges[i].find(' ');
    ranks.try_emplace(
        {vocabulary.merges[i].substr(0, space), vocabulary.merges[i].substr(space + 1)}, i);
  }
  std::vector<std::string> symbols;
  for (const char c : word) symbols.emplace_back(1, c);
  while (true) {
    std::size_t best = symbols.size();
    std::size_t best_rank = std::numeric_limits<std::size_t>::max();
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = ranks.find({symbols[i], symbols[i + 1]});
      if (found == ranks.end() || found->second >= best_rank) continue;
      best = i;
      best_rank = found->second;
    }
    if (best == symbols.size()) break;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  Ids ids;
  for (const std::string& symbol : symbols) {
    const auto found = std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), symbol);
    ids.push_back(static_cast<TokenId>(found - vocabulary.tokens.begin()));
  }
  return ids;
}

TEST(Bpe, AgreesWithJoiningTheBestPairAgainAndAgain) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    Vocabulary vocabulary = byte_vocabulary();
    std::vector<std::string> parts = {"a", "b", "c"};
    for (int i = 0; i < 12; ++i) {
      const std::string left = parts[random() % parts.size()];
      const std::string right = parts[random() % parts.size()];
      const std::string both = left + right;
      const bool known = std::find(parts.begin(), parts.end(), both) != parts.end();
      vocabulary.merges.push_back(str("{} {}", left, right));
      if (known) continue;
      add_token(vocabulary, both);
      parts.push_back(both);
    }
    const auto tokenizer = make_tokenizer(vocabulary);
    for (int i = 0; i < 20; ++i) {
      const std::size_t length = i == 0 ? 300 : 1 + random() % 30;  // 300 is a long word
      const std::string word = random_text(random, "abc", length);
      ASSERT_EQ(tokenizer->encode(word, {}), merge_by_definition(vocabulary, word)) << word;
    }
  }
}

TEST(Bpe, DecodesWhatItEncodedForAnyBytes) {
  Vocabulary vocabulary = byte_vocabulary();
  add_merge(vocabulary, "Ã", "©");
  add_merge(vocabulary, "Ġ", "Ã©");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::mt19937 random(4);
  for (const PreRule& rule : pre_rules()) {
    if (rule.characters) continue;
    vocabulary.pre = rule.name;
    const auto tokenizer = make_tokenizer(vocabulary);
    for (int i = 0; i < 20; ++i) {
      const std::string bytes = random_text(random, i % 2 == 0 ? all : "aé é \xC3\xA9\n'1!", 50);
      ASSERT_EQ(tokenizer->decode(tokenizer->encode(bytes, {})), bytes) << rule.name;
    }
  }
}

TEST(Bpe, NeverShowsHalfACharacterWhenPiecesAreStreamed) {
  const auto tokenizer = make_tokenizer(byte_vocabulary());
  const std::string text = "é漢\xF0\x9F\x99\x82!";
  Utf8Stream stream;
  std::string shown;
  for (const TokenId id : tokenizer->encode(text, {})) {
    const std::string part = stream.push(tokenizer->piece(id));
    EXPECT_EQ(part.find("\xEF\xBF\xBD"), std::string::npos);
    shown += part;
  }
  EXPECT_EQ(shown + stream.finish(), text);
}

TEST(Bpe, MergesAMegabyteOfOneLetter) {
  Vocabulary vocabulary = byte_vocabulary();
  std::string unit = "a";
  for (int i = 0; i < 6; ++i) {
    add_merge(vocabulary, unit, unit);
    unit += unit;
  }
  const auto tokenizer = make_tokenizer(vocabulary);
  const std::string text(std::size_t{1} << 20, 'a');
  const Ids ids = tokenizer->encode(text, {});
  EXPECT_EQ(ids.size(), text.size() / 64);
  EXPECT_EQ(tokenizer->decode(ids), text);
}

TEST(Bpe, RefusesToDecodeAnIdOutsideTheVocabulary) {
  const auto tokenizer = make_tokenizer(byte_vocabulary());
  EXPECT_THROW(std::ignore = tokenizer->piece(-1), Error);
  EXPECT_THROW(std::ignore = tokenizer->decode(Ids{258}), Error);
}

// <unk> = 0, <s> = 1, </s> = 2, "▁" = 3, then the byte tokens.
Vocabulary character_vocabulary() {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.model = "gemma4";
  add_byte_tokens(vocabulary);
  return vocabulary;
}

TEST(BpeOnCharacters, WritesASpaceAsU2581AndPutsNoneInFront) {
  Vocabulary vocabulary = character_vocabulary();
  const TokenId a = add_token(vocabulary, "a");
  const TokenId space_a = add_merge(vocabulary, "\xE2\x96\x81", "a");
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("a a", {}), (Ids{a, space_a}));
  EXPECT_EQ(tokenizer->decode(Ids{a, space_a}), "a a");
}

TEST(BpeOnCharacters, WritesWhatHasNoTokenByteByByte) {
  const Vocabulary vocabulary = character_vocabulary();
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->encode("é\xFF", {}), (Ids{4 + 0xC3, 4 + 0xA9, 4 + 0xFF}));
  EXPECT_EQ(tokenizer->decode(Ids{4 + 0xC3, 4 + 0xA9, 4 + 0xFF}), "é\xFF");
}

TEST(BpeOnCharacters, KeepsARunOfLineEndsWhole) {
  Vocabulary vocabulary = character_vocabulary();
  const TokenId three = add_token(vocabulary, "\n\n\n");
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("\n\n\n", {}), Ids{three});
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("\n", {}), Ids{4 + '\n'});
}

}  // namespace
}  // namespace frugal::text
