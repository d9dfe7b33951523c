#include "frugal/train/subwords/learn.h"

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/base/str.h"
#include "frugal/model/model.h"
#include "frugal/text/spaces.h"
#include "frugal/train/vocabulary_metadata.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

using Ids = std::vector<text::TokenId>;

const std::vector<std::string> kWords = {"the",
                                         "balance",
                                         "of",
                                         "your",
                                         "account",
                                         "is",
                                         "transfer",
                                         "please",
                                         "student",
                                         "lesson",
                                         "energy",
                                         "joule",
                                         "measure",
                                         "answer",
                                         "question",
                                         "Zürich",
                                         "Łódź",
                                         "naïve",
                                         "garçon",
                                         "Straße",
                                         "Москва",
                                         "東京",
                                         "日本語",
                                         "مرحبا",
                                         "🙂",
                                         "👩‍👩‍👧‍👦",
                                         "🏳️‍🌈",
                                         "can't",
                                         "O'Neil",
                                         "e-mail",
                                         "C++20",
                                         "3.14159",
                                         "1,000",
                                         "2026-11-21",
                                         "{\"name\":",
                                         "[1, 2]",
                                         "\"x\"}",
                                         "null",
                                         "\\u00e9",
                                         "</b>"};
const std::vector<std::string> kGaps = {" ", " ", " ", "  ", "\n", "\n\n", "\t", ", ", "", ": "};

std::string sample(Random& random, std::size_t words) {
  std::string out;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t kind = random.below(12);
    if (kind == 0) {
      out += str("{}", random.below(1'000'000));
    } else if (kind == 1) {
      out += str("{{\"id\": {}, \"ok\": true}}", random.below(100));
    } else {
      out += kWords[static_cast<std::size_t>(random.below(kWords.size()))];
    }
    out += kGaps[static_cast<std::size_t>(random.below(kGaps.size()))];
  }
  return out;
}

TextSource texts(std::size_t documents, std::uint64_t seed = 1) {
  return [random = Random(seed), documents]() mutable -> std::optional<std::string> {
    if (documents-- == 0) return std::nullopt;
    return sample(random, 60);
  };
}

TextSource list(std::vector<std::string> documents) {
  return [documents = std::move(documents),
          next = std::size_t{0}]() mutable -> std::optional<std::string> {
    if (next == documents.size()) return std::nullopt;
    return documents[next++];
  };
}

std::shared_ptr<const text::Tokenizer> through_a_file(const text::Vocabulary& vocabulary) {
  const test::TempFolder folder;
  format::Metadata metadata;
  write_vocabulary(vocabulary, metadata);
  format::write_gguf(folder / "v.gguf", metadata, {});
  return model::load_tokenizer(*format::TensorFile::open(folder / "v.gguf"));
}

const LearnedVocabulary& subwords() {
  static const LearnedVocabulary kLearned = subwords::learn_subwords(texts(400), {.size = 700});
  return kLearned;
}

text::TokenId id_of(const text::Vocabulary& vocabulary, std::string_view token) {
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    if (vocabulary.tokens[i] == token) return static_cast<text::TokenId>(i);
  }
  return -1;
}

// Valid text: what both rules see as the same characters.
void expect_same_as_sentencepiece(const LearnedVocabulary& learned, const TextSource& source) {
  const auto tokenizer = through_a_file(learned.vocabulary);
  sentencepiece::SentencePieceProcessor processor;
  ASSERT_TRUE(processor.LoadFromSerializedProto(learned.sentencepiece_model).ok());
  while (const std::optional<std::string> text = source()) {
    std::vector<int> want;
    ASSERT_TRUE(processor.Encode(*text, &want).ok());
    const Ids found = tokenizer->encode(*text, {});
    ASSERT_EQ(found, Ids(want.begin(), want.end())) << *text;
    ASSERT_EQ(tokenizer->decode(found), *text);
  }
}

TEST(Subwords, GiveSentencePiecesIdsAndComeBackExactly) {
  const TextSource plain = texts(2000, 99);
  const TextSource tagged = [plain, random = Random(5)]() mutable -> std::optional<std::string> {
    std::optional<std::string> text = plain();
    if (text && random.below(2) == 0) *text += "<tool_call>{\"name\": \"x\"}</tool_call>\n" + *text;
    if (text && random.below(4) == 0) text->insert(0, " ");
    return text;
  };
  expect_same_as_sentencepiece(subwords(), tagged);
}

TEST(Subwords, GiveSentencePiecesIdsOnRealText) {
  const char* root = std::getenv("FRUGAL_SOURCE_DIR");
  const std::filesystem::path path =
      std::filesystem::path(root == nullptr ? "." : root) / "../shared/data/text";
  if (!std::filesystem::exists(path / "wikitext-2.valid.txt")) {
    GTEST_SKIP() << "no reference texts at " << path;
  }
  const auto lines_of = [&](const char* name) {
    std::vector<std::string> lines;
    const std::string whole = read_text_file(path / name);
    for (const std::string_view line : split(whole, '\n')) {
      lines.emplace_back(std::string(line) + '\n');
    }
    return lines;
  };
  const LearnedVocabulary learned =
      subwords::learn_subwords(list(lines_of("wikitext-2.valid.txt")), {.size = 4096});
  expect_same_as_sentencepiece(learned, list(lines_of("wikitext-2.test.txt")));
}

TEST(Subwords, AnyBytesComeBackExactly) {
  const auto tokenizer = through_a_file(subwords().vocabulary);
  Random random(3);
  for (int trial = 0; trial < 2000; ++trial) {
    std::string text;
    for (std::uint64_t length = random.below(40); length > 0; --length) {
      text += static_cast<char>(random.below(256));
    }
    if (text.find("\xE2\x96\x81") != std::string::npos) continue;
    ASSERT_EQ(tokenizer->decode(tokenizer->encode(text, {})), text);
  }
  for (const std::string text :
       {"", " ", "   ", "\n", "\t\t", " a", "a ", "<|im_start|>", "<unk>"}) {
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text, {})), text);
  }
}

TEST(Subwords, SpecialTokensHaveTheirPlacesAndTypes) {
  const text::Vocabulary& v = subwords().vocabulary;
  ASSERT_EQ(v.tokens.size(), 700U);
  const std::vector<std::string> first(v.tokens.begin(), v.tokens.begin() + 9);
  EXPECT_EQ(first, (std::vector<std::string>{"<unk>", "<s>", "<|im_end|>", "<pad>", "<|im_start|>",
                                             "<tool_call>", "</tool_call>", "<tool_response>",
                                             "</tool_response>"}));
  EXPECT_EQ(v.unknown, 0);
  EXPECT_EQ(v.bos, 1);
  EXPECT_EQ(v.eos, 2);
  EXPECT_EQ(v.pad, 3);
  EXPECT_EQ(v.types[0], text::TokenType::kUnknown);
  EXPECT_EQ(v.types[2], text::TokenType::kControl);
  EXPECT_EQ(v.types[4], text::TokenType::kControl);
  EXPECT_EQ(v.types[5], text::TokenType::kUserDefined);
  EXPECT_EQ(v.types[9], text::TokenType::kByte);
  EXPECT_EQ(v.types[9 + 256], text::TokenType::kNormal);
}

TEST(Subwords, ToolTagsShowInTextAndTurnsDoNot) {
  const auto tokenizer = through_a_file(subwords().vocabulary);
  const text::EncodeOptions special = {.add_special = true, .parse_special = true};
  const Ids ids =
      tokenizer->encode("<|im_start|>user\n<tool_call>1</tool_call><|im_end|>", special);
  EXPECT_EQ(ids.front(), 4);  // no begin of text was added
  EXPECT_EQ(ids.back(), 2);
  EXPECT_TRUE(tokenizer->ends_text(2));
  EXPECT_EQ(tokenizer->decode(ids), "user\n<tool_call>1</tool_call>");
  EXPECT_EQ(tokenizer->decode(ids, true), "<|im_start|>user\n<tool_call>1</tool_call><|im_end|>");
}

TEST(Subwords, DigitsStaySingle) {
  const text::Vocabulary& v = subwords().vocabulary;
  for (std::size_t i = 265; i < v.tokens.size(); ++i) {
    const auto digits = std::count_if(v.tokens[i].begin(), v.tokens[i].end(),
                                      [](char c) { return c >= '0' && c <= '9'; });
    EXPECT_TRUE(digits == 0 || v.tokens[i].size() == 1) << v.tokens[i];
  }
}

TEST(Subwords, NamesOfSpecialTokensTeachNothing) {
  std::vector<std::string> documents;
  for (int i = 0; i < 500; ++i) {
    documents.push_back(str("<|im_start|>user\n{}<|im_end|>\n\tindented {}\n", i, i));
    documents.emplace_back("the quick brown fox jumps over lazy dogs again and again");
  }
  const text::Vocabulary v = subwords::learn_subwords(list(documents), {.size = 420}).vocabulary;
  EXPECT_EQ(id_of(v, "im_start"), -1);
  EXPECT_EQ(id_of(v, "start"), -1);
  EXPECT_NE(id_of(v,
                  "\xE2\x96\x81"
                  "again"),
            -1);
  EXPECT_NE(id_of(v, "indented"), -1);  // the tab before it did not cost the text
}

TEST(Subwords, OptionsReachTheVocabulary) {
  const SubwordOptions options = {.size = 600,
                                  .begin = "<begin>",
                                  .end = "</s>",
                                  .control = {},
                                  .user_defined = {"<a>"},
                                  .add_begin = true,
                                  .add_end = true,
                                  .space_prefix = true};
  const LearnedVocabulary learned = subwords::learn_subwords(texts(300), options);
  const auto tokenizer = through_a_file(learned.vocabulary);
  const Ids ids = tokenizer->encode("the", {.add_special = true});
  EXPECT_EQ(tokenizer->vocabulary().tokens[1], "<begin>");
  EXPECT_EQ(ids.front(), 1);
  EXPECT_EQ(ids.back(), 2);
  EXPECT_EQ(tokenizer->piece(ids[1]), " the");
}

// So that `W48 Nora` in a sentence and `"W48", "Nora"` in JSON are the same tokens.
TEST(Subwords, SpacesApartWriteAWordTheSameWayEverywhere) {
  const LearnedVocabulary learned =
      subwords::learn_subwords(texts(400), {.size = 700, .spaces_apart = true});
  const std::string space(text::kSpaceMark);
  for (const std::string& token : learned.vocabulary.tokens) {
    if (!token.starts_with(space) || token.size() == space.size()) continue;
    EXPECT_EQ(std::isalnum(static_cast<unsigned char>(token[space.size()])), 0) << token;
  }
  const auto tokenizer = through_a_file(learned.vocabulary);
  const Ids alone = tokenizer->encode("again", {});
  const Ids behind = tokenizer->encode("is again", {});
  EXPECT_TRUE(std::equal(alone.rbegin(), alone.rend(), behind.rbegin()));
  EXPECT_EQ(tokenizer->decode(behind), "is again");
  expect_same_as_sentencepiece(learned, texts(200));
}

TEST(Subwords, DigitsMayBeJoined) {
  Random random(1);
  std::vector<std::string> documents(50, "1948 1948 1948 1948");
  documents.push_back(sample(random, 300));
  const auto tokens_of_a_year = [&](bool apart) {
    const LearnedVocabulary learned =
        subwords::learn_subwords(list(documents), {.size = 500, .digits_apart = apart});
    return through_a_file(learned.vocabulary)->encode("1948", {}).size();
  };
  EXPECT_EQ(tokens_of_a_year(true), 4U);
  EXPECT_LT(tokens_of_a_year(false), 4U);
}

TEST(Subwords, AreTheSameEveryTime) {
  const LearnedVocabulary again = subwords::learn_subwords(texts(400), {.size = 700});
  EXPECT_EQ(again.vocabulary.tokens, subwords().vocabulary.tokens);
  EXPECT_EQ(again.vocabulary.scores, subwords().vocabulary.scores);
}

// SentencePiece ends the process where it meets what it does not expect.
TEST(Subwords, TextsOfAnyBytesTeachWithoutHarm) {
  Random random(4);
  std::vector<std::string> documents;
  for (int i = 0; i < 300; ++i) {
    std::string noise = sample(random, 20);
    for (std::uint64_t length = random.below(60); length > 0; --length) {
      noise += static_cast<char>(random.below(256));
    }
    documents.push_back(noise + "\xE2\x96\x81\xE2\x96\x85<0x41><unk><s>" + sample(random, 20));
  }
  documents.insert(documents.begin(), {"", "\n", " ", "\t", std::string(3, '\0')});
  const LearnedVocabulary learned = subwords::learn_subwords(list(documents), {.size = 900});
  EXPECT_EQ(learned.vocabulary.tokens.size(), 900U);
  EXPECT_EQ(subwords::learn_word_pieces(list(documents), {.size = 600}).vocabulary.tokens.size(),
            600U);
  expect_same_as_sentencepiece(learned, texts(200));
}

void expect_refused(const TextSource& source, const SubwordOptions& options) {
  try {
    (void)subwords::learn_subwords(source, options);
    FAIL() << "accepted";
  } catch (const Error& fault) {
    EXPECT_EQ(fault.kind(), ErrorKind::kInvalidArgument) << fault.what();
  }
}

TEST(Subwords, FaultsOfSentencePieceAreErrorsAndMakeNoNoise) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  expect_refused(texts(1), {.size = 100'000});  // too little text
  expect_refused(texts(100), {.size = 100});    // no room for the bytes
  expect_refused(list({}), {.size = 700});
  expect_refused(texts(100), {.size = 0});
  (void)subwords::learn_subwords(texts(100), {.size = 500});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Subwords, RefuseNamesThatCannotBeTold) {
  expect_refused(texts(100), {.size = 700, .user_defined = {"a b"}});
  expect_refused(texts(100), {.size = 700, .user_defined = {"a,b"}});
  expect_refused(texts(100), {.size = 700, .user_defined = {""}});
  expect_refused(texts(100), {.size = 700, .user_defined = {"<s>"}});
  expect_refused(texts(100), {.size = 700, .coverage = 0.0});
}

TEST(Subwords, LetFaultsOfTheSourceThrough) {
  const TextSource broken = []() -> std::optional<std::string> { throw std::logic_error("mine"); };
  EXPECT_THROW((void)subwords::learn_subwords(broken, {}), std::logic_error);
  EXPECT_THROW((void)subwords::learn_word_pieces(broken, {}), std::logic_error);
}

const LearnedVocabulary& word_pieces() {
  static const LearnedVocabulary kLearned =
      subwords::learn_word_pieces(texts(400), {.size = 500, .control = {"[QUERY]"}});
  return kLearned;
}

std::string pieces_of(const text::Tokenizer& tokenizer, std::string_view text) {
  std::string out;
  for (const text::TokenId id : tokenizer.encode(text, {.add_special = true})) {
    out += (out.empty() ? "" : "|") + tokenizer.vocabulary().tokens[static_cast<std::size_t>(id)];
  }
  return out;
}

TEST(WordPieces, AreReadAsBertsVocabulary) {
  const auto tokenizer = through_a_file(word_pieces().vocabulary);
  EXPECT_EQ(tokenizer->size(), 500U);
  EXPECT_EQ(pieces_of(*tokenizer, "The ENERGY, please"),
            "[CLS]|\xE2\x96\x81the|\xE2\x96\x81"
            "energy|\xE2\x96\x81,|\xE2\x96\x81please|[SEP]");
  const text::Vocabulary& v = tokenizer->vocabulary();
  EXPECT_EQ(v.tokens[5], "[QUERY]");
  EXPECT_EQ(v.types[5], text::TokenType::kControl);
  EXPECT_EQ(v.pad, 0);
  EXPECT_EQ(v.unknown, 1);
  EXPECT_EQ(v.cls, 2);
  EXPECT_EQ(v.sep, 3);
  EXPECT_EQ(v.mask, 4);
}

TEST(WordPieces, WriteEveryWordOfKnownCharacters) {
  const auto tokenizer = through_a_file(word_pieces().vocabulary);
  Random random(8);
  for (int trial = 0; trial < 2000; ++trial) {
    std::string word;
    for (std::uint64_t length = random.below(12) + 1; length > 0; --length) {
      word += static_cast<char>('!' + random.below(94));
    }
    for (const text::TokenId id : tokenizer->encode(word, {})) EXPECT_NE(id, 1) << word;
  }
  EXPECT_EQ(tokenizer->encode("\xE1\x9A\xA0", {}), Ids{1});  // a rune
}

TEST(WordPieces, KeepCapitalsWhereAskedTo) {
  const LearnedVocabulary learned = subwords::learn_word_pieces(
      texts(400), {.size = 300, .lowercase = false, .strip_accents = false});
  const auto tokenizer = through_a_file(learned.vocabulary);
  EXPECT_FALSE(tokenizer->vocabulary().lowercase);
  EXPECT_NE(tokenizer->encode("Neil", {}), tokenizer->encode("neil", {}));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("Neil", {})), "Neil");
}

TEST(VocabularyMetadata, RefusesARuleThatIsNotLearnedHere) {
  format::Metadata metadata;
  text::Vocabulary vocabulary;
  vocabulary.model = "gpt2";
  EXPECT_THROW(write_vocabulary(vocabulary, metadata), Error);
}

}  // namespace
}  // namespace frugal::train
