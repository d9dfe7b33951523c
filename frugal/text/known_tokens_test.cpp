#include "frugal/text/known_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "frugal/text/vocabulary_for_test.h"

namespace frugal::text {
namespace {

TokenType type_of(const Vocabulary& vocabulary, TokenId id) {
  return vocabulary.types[static_cast<std::size_t>(id)];
}

bool ends(const Vocabulary& vocabulary, TokenId id) {
  return std::find(vocabulary.ends.begin(), vocabulary.ends.end(), id) != vocabulary.ends.end();
}

TEST(KnownTokens, EndATextWhateverTheirType) {
  for (const char* name : {"<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|endoftext|>",
                           "<|end_of_text|>", "<turn|>", "<eos>",
                           "<\xEF\xBD\x9C"
                           "end▁of▁sentence\xEF\xBD\x9C>"}) {
    for (const TokenType type :
         {TokenType::kNormal, TokenType::kControl, TokenType::kUserDefined}) {
      Vocabulary vocabulary;
      const TokenId id = add_token(vocabulary, name, 0.0F, type);
      recognise_known_tokens(vocabulary);
      EXPECT_TRUE(ends(vocabulary, id)) << name;
      EXPECT_EQ(type_of(vocabulary, id), TokenType::kControl) << name;
    }
  }
}

TEST(KnownTokens, LeaveOthersAlone) {
  Vocabulary vocabulary;
  add_token(vocabulary, "end");
  add_token(vocabulary, "<|im_start|>", 0.0F, TokenType::kControl);
  recognise_known_tokens(vocabulary);
  EXPECT_TRUE(vocabulary.ends.empty());
  EXPECT_EQ(type_of(vocabulary, 0), TokenType::kNormal);
}

TEST(KnownTokens, ShowTheFrameOfAHarmonyAnswerAndDoNotEndAtItsParts) {
  Vocabulary vocabulary;
  const TokenId end = add_token(vocabulary, "<|end|>", 0.0F, TokenType::kControl);
  const TokenId finish = add_token(vocabulary, "<|return|>", 0.0F, TokenType::kControl);
  const TokenId call = add_token(vocabulary, "<|call|>", 0.0F, TokenType::kControl);
  const TokenId channel = add_token(vocabulary, "<|channel|>", 0.0F, TokenType::kControl);
  recognise_known_tokens(vocabulary);
  EXPECT_FALSE(ends(vocabulary, end));
  EXPECT_TRUE(ends(vocabulary, finish));
  EXPECT_TRUE(ends(vocabulary, call));
  EXPECT_EQ(type_of(vocabulary, end), TokenType::kUserDefined);
  EXPECT_EQ(type_of(vocabulary, channel), TokenType::kUserDefined);
}

TEST(KnownTokens, DoNotEndATextOfGemma4AtAnHtmlTag) {
  Vocabulary vocabulary;
  const TokenId tag = add_token(vocabulary, "</s>");
  const TokenId response = add_token(vocabulary, "<|tool_response>", 0.0F, TokenType::kControl);
  recognise_known_tokens(vocabulary);
  EXPECT_FALSE(ends(vocabulary, tag));
  EXPECT_EQ(type_of(vocabulary, tag), TokenType::kNormal);
  EXPECT_TRUE(ends(vocabulary, response));
}

}  // namespace
}  // namespace frugal::text
