#include "frugal/text/tokenizer_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {
namespace {

using Ids = std::vector<TokenId>;

Ids encode(const std::string& json, const std::string& config, std::string_view text,
           const EncodeOptions& options = {}) {
  return make_tokenizer(vocabulary_from_tokenizer_json(json, config))->encode(text, options);
}

void expect_refused(ErrorKind kind, const std::string& part, const std::string& json,
                    const std::string& config = "") {
  try {
    std::ignore = vocabulary_from_tokenizer_json(json, config);
    ADD_FAILURE() << "accepted, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

// --- BPE on bytes --------------------------------------------------------------------------------

constexpr const char* kByteLevel =
    R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":true})";

std::string byte_level(const std::string& pre_tokenizer, const std::string& merges,
                       const std::string& more = "") {
  return str(R"({{"added_tokens":[{{"id":5,"content":"<|end|>","special":true}},
      {{"id":6,"content":"<tool>","special":false}}],
      "normalizer":{{"type":"NFC"}},"pre_tokenizer":{},
      "model":{{"type":"BPE","vocab":{{"a":0,"b":1,"Ġ":2,"ab":3,"Ġab":4}},"merges":{}{}}}}})",
             pre_tokenizer, merges, more);
}

TEST(TokenizerJson, ReadsByteLevelBpe) {
  const std::string json = byte_level(kByteLevel, R"(["a b","Ġ ab"])");
  const Vocabulary vocabulary = vocabulary_from_tokenizer_json(json, "");
  EXPECT_EQ(vocabulary.model, "gpt2");
  EXPECT_EQ(vocabulary.pre, "gpt-2");
  EXPECT_EQ(vocabulary.merges, (std::vector<std::string>{"a b", "Ġ ab"}));
  EXPECT_EQ(vocabulary.types[5], TokenType::kControl);
  EXPECT_EQ(vocabulary.types[6], TokenType::kUserDefined);
  EXPECT_FALSE(vocabulary.add_bos);
  EXPECT_EQ(encode(json, "", "ab ab<tool>"), (Ids{3, 4, 6}));
}

TEST(TokenizerJson, ReadsMergesAsPairs) {
  EXPECT_EQ(encode(byte_level(kByteLevel, R"([["a","b"],["Ġ","ab"]])"), "", " ab"), Ids{4});
}

std::string split(const std::string& expression) {
  return str(R"({{"type":"Sequence","pretokenizers":[{{"type":"Split","pattern":{{"Regex":"{}"}},
      "behavior":"Isolated","invert":false}},
      {{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}}]}})",
             expression);
}

constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|)"
    R"( ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+)";
constexpr const char* kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|)"
    R"( ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+)";

TEST(TokenizerJson, KnowsModelsByTheirExpressions) {
  const auto pre_of = [](const std::string& steps, const std::string& more = "") {
    return vocabulary_from_tokenizer_json(byte_level(steps, "[]", more), "").pre;
  };
  EXPECT_EQ(pre_of(split(kLlama3)), "dbrx");
  EXPECT_EQ(pre_of(split(kLlama3), R"(,"ignore_merges":true)"), "llama-bpe");
  EXPECT_EQ(pre_of(split(kQwen2)), "qwen2");
  EXPECT_EQ(pre_of(str(R"({{"type":"Sequence","pretokenizers":[
      {{"type":"Digits","individual_digits":true}},{}]}})",
                       kByteLevel)),
            "smollm");
}

TEST(TokenizerJson, RefusesWordsThatNoKnownModelCuts) {
  expect_refused(ErrorKind::kUnsupported, "'[abc]+'", byte_level(split("[abc]+"), "[]"));
  expect_refused(ErrorKind::kUnsupported, "cuts words at nothing",
                 byte_level(R"({"type":"ByteLevel","use_regex":false})", "[]"));
  expect_refused(ErrorKind::kUnsupported, "add_prefix_space",
                 byte_level(R"({"type":"ByteLevel","add_prefix_space":true})", "[]"));
  expect_refused(ErrorKind::kUnsupported, "'Whatever'",
                 byte_level(R"({"type":"Sequence","pretokenizers":[{"type":"Whatever"},
                     {"type":"ByteLevel"}]})",
                            "[]"));
}

// --- BPE on characters ---------------------------------------------------------------------------

std::string character_level(const std::string& normalizer, const std::string& more = "") {
  return str(R"({{"added_tokens":[{{"id":0,"content":"<unk>","special":true}},
      {{"id":1,"content":"<s>","special":true,"rstrip":true}},
      {{"id":2,"content":"▁▁","special":false}}],
      "normalizer":{},"pre_tokenizer":null,{}
      "model":{{"type":"BPE","unk_token":"<unk>","byte_fallback":true,
      "vocab":{{"<unk>":0,"<s>":1,"▁▁":2,"<0xC3>":3,"a":4,"b":5,"c":6,"bc":7,"ab":8,"▁":9}},
      "merges":["b c","a b"]}}}})",
             normalizer, more);
}

constexpr const char* kReplace = R"({"type":"Replace","pattern":{"String":" "},"content":"▁"})";

TEST(TokenizerJson, RefusesStepsThatTheRuleForCharactersDoesNotDo) {
  expect_refused(ErrorKind::kUnsupported, "replaces 'x'",
                 character_level(str(R"({{"type":"Sequence","normalizers":[{},{{"type":"Replace",
          "pattern":{{"String":"x"}},"content":"a"}}]}})",
                                     kReplace)));
  expect_refused(ErrorKind::kUnsupported, "in front",
                 character_level(str(R"({{"type":"Sequence","normalizers":[
                     {{"type":"Prepend","prepend":"a"}},{}]}})",
                                     kReplace)));
  const auto split_at = [](std::string_view pattern) {
    std::string text = character_level(kReplace);
    const std::string_view none = R"("pre_tokenizer":null)";
    return text.replace(
        text.find(none), none.size(),
        str(R"("pre_tokenizer":{{"type":"Split","pattern":{{"String":"{}"}}}})", pattern));
  };
  EXPECT_EQ(encode(split_at(" "), "", "abc"), (Ids{4, 7}));
  expect_refused(ErrorKind::kUnsupported, "splits at 'b'", split_at("b"));
}

TEST(TokenizerJson, ScoresMergesOfCharactersByTheirRank) {
  const Vocabulary vocabulary = vocabulary_from_tokenizer_json(character_level(kReplace), "");
  EXPECT_EQ(vocabulary.model, "llama");
  EXPECT_FALSE(vocabulary.add_space_prefix);
  EXPECT_GT(vocabulary.scores[7], vocabulary.scores[8]);
  EXPECT_GT(vocabulary.scores[8], vocabulary.scores[4]);
  EXPECT_EQ(vocabulary.types[0], TokenType::kUnknown);
  EXPECT_EQ(vocabulary.types[3], TokenType::kByte);
  EXPECT_EQ(vocabulary.unknown, 0);
  EXPECT_EQ(vocabulary.strips_right, Ids{1});
  EXPECT_EQ(encode(character_level(kReplace), "", "abc"), (Ids{4, 7}));
}

TEST(TokenizerJson, WritesUserDefinedSpacesAsSpaces) {
  EXPECT_EQ(vocabulary_from_tokenizer_json(character_level(kReplace), "").tokens[2], "  ");
  EXPECT_EQ(encode(character_level(kReplace), "", "a  b"), (Ids{4, 2, 5}));
}

TEST(TokenizerJson, PutsASpaceInFrontWhereANormalizerOrMetaspaceDoes) {
  const auto prefix = [](const std::string& json) {
    return vocabulary_from_tokenizer_json(json, "").add_space_prefix;
  };
  EXPECT_TRUE(prefix(character_level(
      str(R"({{"type":"Sequence","normalizers":[{{"type":"Prepend","prepend":"▁"}},{}]}})",
          kReplace))));
  std::string json = character_level("null");
  const std::string none = R"("pre_tokenizer":null)";
  const auto with = [&](const std::string& metaspace) {
    std::string changed = json;
    return changed.replace(changed.find(none), none.size(),
                           str(R"("pre_tokenizer":{})", metaspace));
  };
  EXPECT_TRUE(prefix(with(R"({"type":"Metaspace","prepend_scheme":"first"})")));
  EXPECT_TRUE(prefix(with(R"({"type":"Metaspace","add_prefix_space":true})")));
  EXPECT_FALSE(prefix(with(R"({"type":"Metaspace","prepend_scheme":"never"})")));
  expect_refused(ErrorKind::kUnsupported, "BPE on characters without U+2581", json);
}

// --- What a configuration and a template say
// ------------------------------------------------------

TEST(TokenizerJson, TakesBeginAndEndFromTheConfiguration) {
  const std::string json = character_level(kReplace);
  Vocabulary vocabulary = vocabulary_from_tokenizer_json(
      json, R"({"bos_token":"<s>","eos_token":{"content":"a"},"add_bos_token":true})");
  EXPECT_EQ(vocabulary.bos, 1);
  EXPECT_EQ(vocabulary.eos, 4);
  EXPECT_TRUE(vocabulary.add_bos);
  EXPECT_FALSE(vocabulary.add_eos);
  vocabulary = vocabulary_from_tokenizer_json(json, R"({"bos_token":null,"add_bos_token":true})");
  EXPECT_FALSE(vocabulary.bos.has_value());
  EXPECT_FALSE(vocabulary.add_bos);
}

constexpr const char* kTemplate =
    R"("post_processor":{"type":"TemplateProcessing","single":[
        {"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]},)";

TEST(TokenizerJson, TakesThemFromTheTemplateWhereTheConfigurationIsSilent) {
  const std::string json = character_level(kReplace, kTemplate);
  const Vocabulary vocabulary = vocabulary_from_tokenizer_json(json, "");
  EXPECT_EQ(vocabulary.bos, 1);
  EXPECT_TRUE(vocabulary.add_bos);
  EXPECT_FALSE(vocabulary.add_eos);
  EXPECT_EQ(encode(json, "", "a", {.add_special = true}), (Ids{1, 4}));
  EXPECT_FALSE(vocabulary_from_tokenizer_json(json, R"({"add_bos_token":false})").add_bos);
}

TEST(TokenizerJson, LeavesOutATemplateOfSeveralTokensOnOneSide) {
  const std::string json =
      character_level(kReplace, R"("post_processor":{"type":"TemplateProcessing","single":[
          {"SpecialToken":{"id":"<s>"}},{"SpecialToken":{"id":"<unk>"}},{"Sequence":{"id":"A"}}]},)");
  EXPECT_FALSE(vocabulary_from_tokenizer_json(json, "").add_bos);
}

// --- WordPiece and Unigram -----------------------------------------------------------------------

TEST(TokenizerJson, ReadsWordPiece) {
  const std::string json = R"({"added_tokens":[{"id":0,"content":"[UNK]","special":true},
      {"id":1,"content":"[CLS]","special":true},{"id":2,"content":"[SEP]","special":true}],
      "normalizer":{"type":"BertNormalizer","lowercase":true,"strip_accents":null},
      "pre_tokenizer":{"type":"BertPreTokenizer"},
      "post_processor":{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]},
      "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
      "vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"un":3,"##do":4,"!":5}}})";
  const Vocabulary vocabulary = vocabulary_from_tokenizer_json(json, "");
  EXPECT_EQ(vocabulary.model, "bert");
  EXPECT_EQ(vocabulary.tokens,
            (std::vector<std::string>{"[UNK]", "[CLS]", "[SEP]", "▁un", "do", "▁!"}));
  EXPECT_TRUE(vocabulary.strip_accents);
  EXPECT_EQ(encode(json, "", "Undo! x", {.add_special = true}), (Ids{1, 3, 4, 5, 0, 2}));
}

TEST(TokenizerJson, ReadsUnigram) {
  const std::string json = R"({"added_tokens":[{"id":0,"content":"<unk>","special":true},
      {"id":1,"content":"</s>","special":true}],
      "normalizer":{"type":"Sequence","normalizers":[
        {"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]},
      "pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"},
      "post_processor":{"type":"TemplateProcessing","single":[
        {"Sequence":{"id":"A"}},{"SpecialToken":{"id":"</s>"}}]},
      "model":{"type":"Unigram","unk_id":0,
      "vocab":[["<unk>",0.0],["</s>",0],["▁",-3.5],["▁a",-2.0],["b",-1]]}})";
  const Vocabulary vocabulary = vocabulary_from_tokenizer_json(json, R"({"eos_token":"</s>"})");
  EXPECT_EQ(vocabulary.model, "t5");
  EXPECT_TRUE(vocabulary.remove_extra_spaces);
  EXPECT_TRUE(vocabulary.add_space_prefix);
  EXPECT_EQ(encode(json, "", "a  ab", {.add_special = true}), (Ids{3, 3, 4, 1}));
}

// --- Faults --------------------------------------------------------------------------------------

TEST(TokenizerJson, FillsIdsThatAreLeftOut) {
  const std::string json = R"({"added_tokens":[{"id":4,"content":"<x>","special":true}],
      "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},
      "model":{"type":"BPE","vocab":{"a":0,"b":2},"merges":[]}})";
  const Vocabulary vocabulary = vocabulary_from_tokenizer_json(json, "");
  EXPECT_EQ(vocabulary.tokens, (std::vector<std::string>{"a", "[PAD1]", "b", "[PAD3]", "<x>"}));
  EXPECT_EQ(vocabulary.types[1], TokenType::kUnused);
}

TEST(TokenizerJson, NamesThePlaceOfAFault) {
  expect_refused(ErrorKind::kCorrupt, "tokenizer.json: not JSON", "{");
  expect_refused(ErrorKind::kCorrupt, "tokenizer.json: is of type array", "[]");
  expect_refused(ErrorKind::kCorrupt, "tokenizer.json: has no 'model'", "{}");
  expect_refused(ErrorKind::kCorrupt, "tokenizer.json.model.vocab: is of type array",
                 R"({"model":{"type":"BPE","vocab":[],"merges":[]}})");
  expect_refused(ErrorKind::kCorrupt, "tokenizer.json.model.vocab: token 'a' has id -1",
                 R"({"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}})");
  expect_refused(ErrorKind::kCorrupt, "tokenizer.json.model.merges[1]: is of type string",
                 byte_level(kByteLevel, R"(["a b","ab"])"));
  expect_refused(ErrorKind::kCorrupt, "tokenizer.json.model.merges[0]: is of type array",
                 byte_level(kByteLevel, R"([["a"]])"));
  expect_refused(ErrorKind::kCorrupt, "tokenizer_config.json: not JSON",
                 byte_level(kByteLevel, "[]"), "x");
  expect_refused(ErrorKind::kCorrupt, "tokenizer_config.json.add_bos_token: is of type string",
                 byte_level(kByteLevel, "[]"), R"({"add_bos_token":"yes"})");
}

TEST(TokenizerJson, RefusesIdsWithLargeGaps) {
  expect_refused(ErrorKind::kCorrupt, "ids up to 16777000",
                 R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},
                     "model":{"type":"BPE","vocab":{"a":16777000},"merges":[]}})");
}

TEST(TokenizerJson, RefusesModelsAndStepsThatNoRuleFollows) {
  expect_refused(ErrorKind::kUnsupported, "is 'WordLevel'", R"({"model":{"type":"WordLevel"}})");
  expect_refused(ErrorKind::kUnsupported, "end_of_word_suffix",
                 byte_level(kByteLevel, "[]", R"(,"end_of_word_suffix":"</w>")"));
  std::string lowered = byte_level(kByteLevel, "[]");
  lowered.replace(lowered.find("NFC"), 3, "Lowercase");
  expect_refused(ErrorKind::kUnsupported, "tokenizer.json.normalizer: is 'Lowercase'", lowered);
}

}  // namespace
}  // namespace frugal::text
