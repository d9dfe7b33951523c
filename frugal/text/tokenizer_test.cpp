#include "frugal/text/tokenizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

using Ids = std::vector<TokenId>;

// Spoils a good vocabulary and expects the fault, with its message.
void expect_refused(ErrorKind kind, const std::string& part,
                    const std::function<void(Vocabulary&)>& spoil) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_byte_tokens(vocabulary);
  spoil(vocabulary);
  try {
    std::ignore = make_tokenizer(vocabulary);
    ADD_FAILURE() << "accepted, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

void expect_corrupt(const std::string& part, const std::function<void(Vocabulary&)>& spoil) {
  expect_refused(ErrorKind::kCorrupt, part, spoil);
}

TEST(MakeTokenizer, AcceptsTheVocabularyThatTheOtherTestsSpoil) {
  Vocabulary vocabulary = tiny_vocabulary();
  add_byte_tokens(vocabulary);
  EXPECT_EQ(make_tokenizer(vocabulary)->size(), 260U);
}

TEST(MakeTokenizer, RefusesRulesThatThisBuildLacks) {
  for (const char* model : {"rwkv", "plamo2", "GPT2", ""}) {
    expect_refused(ErrorKind::kUnsupported,
                   str("tokenizer '{}' is not one of: llama, gpt2, gemma4, bert, t5", model),
                   [&](Vocabulary& v) { v.model = model; });
  }
}

TEST(MakeTokenizer, RefusesAnEmptyVocabulary) {
  expect_corrupt("0 tokens", [](Vocabulary& v) {
    v = Vocabulary{};
    v.model = "llama";
  });
}

TEST(MakeTokenizer, RefusesTablesOfDifferentLength) {
  expect_corrupt("259 scores for 260 tokens", [](Vocabulary& v) { v.scores.pop_back(); });
  expect_corrupt("261 scores for 260 tokens", [](Vocabulary& v) { v.scores.push_back(0.0F); });
  expect_corrupt("259 types for 260 tokens", [](Vocabulary& v) { v.types.pop_back(); });
}

TEST(MakeTokenizer, RefusesIdsOutsideTheVocabulary) {
  expect_corrupt("begin-of-text token id 260, expected 0 to 259",
                 [](Vocabulary& v) { v.bos = 260; });
  expect_corrupt("end-of-text token id -1", [](Vocabulary& v) { v.eos = -1; });
  expect_corrupt("end-of-turn token id 2147483647",
                 [](Vocabulary& v) { v.eot = std::numeric_limits<TokenId>::max(); });
  expect_corrupt("unknown token id 260", [](Vocabulary& v) { v.unknown = 260; });
}

TEST(MakeTokenizer, RefusesToAddATokenThatHasNoId) {
  expect_corrupt("begin-of-text is to be added", [](Vocabulary& v) {
    v.add_bos = true;
    v.bos.reset();
  });
  expect_corrupt("end-of-text is to be added", [](Vocabulary& v) {
    v.add_eos = true;
    v.eos.reset();
  });
}

TEST(MakeTokenizer, RefusesScoresThatAreNotFinite) {
  for (const float score : {std::nanf(""), INFINITY, -INFINITY}) {
    expect_corrupt("token 3 has score", [&](Vocabulary& v) { v.scores[3] = score; });
  }
}

TEST(MakeTokenizer, RefusesTypesOutsideTheList) {
  for (const int type : {0, 7, -1}) {
    expect_corrupt(str("token 3 has type {}", type),
                   [&](Vocabulary& v) { v.types[3] = static_cast<TokenType>(type); });
  }
}

TEST(MakeTokenizer, RefusesByteTokensOfAnotherForm) {
  for (const char* text : {"A", "", "<0x4>", "<0xGG>", "<0x0041>"}) {
    expect_corrupt(str("byte token 5 is '{}'", text), [&](Vocabulary& v) { v.tokens[5] = text; });
  }
}

TEST(MakeTokenizer, ShowsHostileNamesHarmlessly) {
  expect_corrupt("byte token 5 is '\\x1b[2J'", [](Vocabulary& v) { v.tokens[5] = "\x1B[2J"; });
}

TEST(MakeTokenizer, WorksWithoutScores) {
  Vocabulary vocabulary = tiny_vocabulary();
  const TokenId a = add_token(vocabulary, "a");
  vocabulary.scores.clear();
  vocabulary.add_space_prefix = false;
  EXPECT_EQ(make_tokenizer(vocabulary)->encode("a", {}), Ids{a});
}

TEST(MakeTokenizer, InfersTypesThatAFileLeavesOut) {
  Vocabulary vocabulary = tiny_vocabulary();
  const TokenId bytes = add_byte_tokens(vocabulary);
  vocabulary.types.clear();
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_EQ(tokenizer->piece(0), "");
  EXPECT_EQ(tokenizer->piece(1), "");
  EXPECT_EQ(tokenizer->piece(2), "");
  EXPECT_EQ(tokenizer->piece(2, true), "</s>");
  EXPECT_EQ(tokenizer->piece(bytes + 'x'), "x");
  EXPECT_EQ(tokenizer->encode("</s>", {.parse_special = true}), Ids{2});
}

TEST(MakeTokenizer, TakesTheUnknownTokenFromItsTypeWhenTheFileLeavesItsIdOut) {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.unknown.reset();
  EXPECT_EQ(make_tokenizer(vocabulary)->vocabulary().unknown, 0);
}

TEST(Tokenizer, EndsATextAtEndOfTextAndAtEndOfTurn) {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.eot = 3;
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_FALSE(tokenizer->ends_text(0));
  EXPECT_FALSE(tokenizer->ends_text(1));
  EXPECT_TRUE(tokenizer->ends_text(2));
  EXPECT_TRUE(tokenizer->ends_text(3));
  EXPECT_FALSE(tokenizer->ends_text(-1));
}

TEST(Tokenizer, NeverEndsATextThatHasNoEnd) {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.eos.reset();
  vocabulary.tokens[2] = "</x>";
  EXPECT_FALSE(make_tokenizer(vocabulary)->ends_text(2));
}

TEST(Tokenizer, EndsATextAtEndOfMessageAndAtFurtherEnds) {
  Vocabulary vocabulary = tiny_vocabulary();
  vocabulary.eom = 3;
  vocabulary.ends = {1};
  const auto tokenizer = make_tokenizer(vocabulary);
  EXPECT_TRUE(tokenizer->ends_text(1));
  EXPECT_TRUE(tokenizer->ends_text(3));
}

}  // namespace
}  // namespace frugal::text
