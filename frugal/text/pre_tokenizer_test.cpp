#include "frugal/text/pre_tokenizer.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>

#include "frugal/base/error.h"

namespace frugal::text {
namespace {

using Words = std::vector<std::string_view>;

std::string joined(const Words& words) {
  std::string text;
  for (const std::string_view word : words) text += word;
  return text;
}

// One name for each different list of expressions.
std::vector<std::string_view> families() {
  std::map<std::vector<std::string_view>, std::string_view> names;
  for (const PreRule& rule : pre_rules()) names.try_emplace(rule.expressions, rule.name);
  std::vector<std::string_view> out;
  for (const auto& [expressions, name] : names) out.push_back(name);
  return out;
}

TEST(PreTokenizer, TakesNoNameForDefault) {
  EXPECT_EQ(find_pre_rule("").name, "default");
  EXPECT_EQ(PreTokenizer("").words("a,b"), (Words{"a", ",", "b"}));
}

TEST(PreTokenizer, RefusesANameItDoesNotKnowAndListsThoseItDoes) {
  try {
    std::ignore = PreTokenizer("no\x1Bsuch");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("'no\\x1bsuch' is not one of: default, gpt-2"),
              std::string::npos)
        << error.what();
  }
}

TEST(PreTokenizer, CutsAsGpt2Does) {
  EXPECT_EQ(PreTokenizer("gpt-2").words("I'm  HERE'S 1234!?\n\nx "),
            (Words{"I", "'m", " ", " HERE", "'", "S", " 1234", "!?", "\n", "\n", "x", " "}));
}

TEST(PreTokenizer, CutsAsLlama3Does) {
  EXPECT_EQ(PreTokenizer("llama-bpe").words("I'M  1234!?\n\n\tx\r\n  "),
            (Words{"I", "'M", " ", " ", "123", "4", "!?\n\n", "\tx", "\r\n", "  "}));
}

TEST(PreTokenizer, CutsDigitsOneByOneForQwenAndSmolLm) {
  EXPECT_EQ(PreTokenizer("qwen2").words("a 12"), (Words{"a", " ", "1", "2"}));
  EXPECT_EQ(PreTokenizer("smollm").words("a 12"), (Words{"a", " ", "1", "2"}));
}

TEST(PreTokenizer, KeepsMarksWithTheirLettersForQwen35) {
  const std::string_view text = "n\xCC\x83o";  // n, combining tilde, o
  EXPECT_EQ(PreTokenizer("qwen35").words(text), Words{text});
  EXPECT_GT(PreTokenizer("qwen2").words(text).size(), 1U);
}

TEST(PreTokenizer, CutsCamelCaseForGpt4oAndTekken) {
  EXPECT_EQ(PreTokenizer("gpt-4o").words("CamelCase's"), (Words{"Camel", "Case's"}));
  EXPECT_EQ(PreTokenizer("tekken").words("CamelCase 12"), (Words{"Camel", "Case", " ", "1", "2"}));
}

TEST(PreTokenizer, CutsAsDeepSeekDoes) {
  EXPECT_EQ(PreTokenizer("deepseek-llm").words("ab漢字12 \n"),
            (Words{"ab", "漢字", "12", " ", "\n"}));
  EXPECT_EQ(PreTokenizer("deepseek-v3").words("ab漢字1234 x"),
            (Words{"ab", "漢字", "123", "4", " x"}));
}

TEST(PreTokenizer, MakesOneWordOfARunOfBrokenBytes) {
  EXPECT_EQ(PreTokenizer("gpt-2").words("ab\xFF\xC3(\xE2\x96"),
            (Words{"ab", "\xFF\xC3", "(", "\xE2\x96"}));
}

TEST(PreTokenizer, LosesNothingUnderAnyName) {
  const std::string text =
      "Hello  World's 1234567 \xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9 漢字かな\r\n\r\n \t"
      "e\xCC\x81 \xC2\xA0\xE3\x80\x80\xFF\xFE naïve DON'T ~~ ``` --x <|end|>\n    \n  ";
  for (const PreRule& rule : pre_rules()) {
    EXPECT_EQ(joined(PreTokenizer(rule.name).words(text)), text) << rule.name;
  }
}

// What makes expressions backtrack for ever, or run out of stack.
TEST(PreTokenizer, CutsHundredsOfKilobytesOfOneCharacterUnderAnyName) {
  constexpr std::size_t kCount = 200'000;
  for (const std::string_view name : families()) {
    const PreTokenizer rule(name);
    for (const char* unit : {" ", "a", "A", "1", "\n", "\xCC\x81", "é", "漢", "!", "a ", " \n",
                             "\xFF", "\xFF ", "'s"}) {
      std::string text;
      for (std::size_t i = 0; i < kCount; ++i) text += unit;
      text += 'x';
      std::size_t length = 0;
      for (const std::string_view word : rule.words(text)) length += word.size();
      EXPECT_EQ(length, text.size()) << name << " " << unit;
    }
  }
}

}  // namespace
}  // namespace frugal::text
