#include "frugal/train/vocabulary_metadata.h"

#include <gtest/gtest.h>

#include <string>

#include "frugal/base/error.h"
#include "frugal/format/gguf.h"
#include "frugal/model/model.h"
#include "tests/support/temp_folder.h"

namespace frugal::train {
namespace {

using text::TokenType;
using text::Vocabulary;

/// What a reader makes of the written keys.
Vocabulary read_back(const Vocabulary& vocabulary) {
  const test::TempFolder folder;
  format::Metadata metadata;
  metadata.set("general.architecture", std::string("llama"));
  write_vocabulary(vocabulary, metadata);
  format::write_gguf(folder / "v.gguf", metadata, {});
  return model::load_tokenizer(*format::TensorFile::open(folder / "v.gguf"))->vocabulary();
}

Vocabulary subwords() {
  Vocabulary v;
  v.model = "llama";
  v.tokens = {"<unk>", "<s>", "<|im_end|>", "<pad>", "<0x41>", "a", "b", "ab"};
  v.scores = {0, 0, 0, 0, 0, -1, -2, -0.5F};
  v.types = {TokenType::kUnknown, TokenType::kControl, TokenType::kControl, TokenType::kControl,
             TokenType::kByte,    TokenType::kNormal,  TokenType::kNormal,  TokenType::kNormal};
  v.unknown = 0;
  v.bos = 1;
  v.eos = 2;
  v.pad = 3;
  v.add_bos = true;
  v.add_eos = false;
  v.add_space_prefix = false;
  return v;
}

TEST(WriteVocabulary, SubwordsComeBackWithAllTheirRules) {
  const Vocabulary v = subwords();
  const Vocabulary found = read_back(v);
  EXPECT_EQ(found.model, "llama");
  EXPECT_EQ(found.tokens, v.tokens);
  EXPECT_EQ(found.scores, v.scores);
  EXPECT_EQ(found.types, v.types);
  EXPECT_EQ(found.unknown, v.unknown);
  EXPECT_EQ(found.bos, v.bos);
  EXPECT_EQ(found.eos, v.eos);
  EXPECT_EQ(found.pad, v.pad);
  EXPECT_TRUE(found.add_bos);
  EXPECT_FALSE(found.add_eos);
  EXPECT_FALSE(found.add_space_prefix);
}

TEST(WriteVocabulary, FlagsComeBackTheOtherWayRoundToo) {
  Vocabulary v = subwords();
  v.add_bos = false;
  v.add_eos = true;
  v.add_space_prefix = true;
  const Vocabulary found = read_back(v);
  EXPECT_FALSE(found.add_bos);
  EXPECT_TRUE(found.add_eos);
  EXPECT_TRUE(found.add_space_prefix);
}

TEST(WriteVocabulary, WordPiecesComeBackWithTheirNormaliser) {
  Vocabulary v;
  v.model = "bert";
  v.tokens = {"[PAD]",
              "[UNK]",
              "[CLS]",
              "[SEP]",
              "[MASK]",
              "\xE2\x96\x81"
              "a",
              "b"};
  v.types.assign(5, TokenType::kControl);
  v.types.resize(7, TokenType::kNormal);
  v.pad = 0;
  v.unknown = 1;
  v.cls = v.bos = 2;
  v.sep = v.eos = 3;
  v.mask = 4;
  for (const bool flag : {true, false}) {
    v.lowercase = flag;
    v.strip_accents = !flag;
    const Vocabulary found = read_back(v);
    EXPECT_EQ(found.model, "bert");
    EXPECT_EQ(found.tokens, v.tokens);
    EXPECT_EQ(found.cls, v.cls);
    EXPECT_EQ(found.sep, v.sep);
    EXPECT_EQ(found.mask, v.mask);
    EXPECT_EQ(found.unknown, v.unknown);
    EXPECT_EQ(found.lowercase, flag);
    EXPECT_EQ(found.strip_accents, !flag);
  }
}

TEST(WriteVocabulary, WhatIsNotThereIsNotWritten) {
  Vocabulary v = subwords();
  v.pad.reset();
  v.scores.clear();
  format::Metadata metadata;
  write_vocabulary(v, metadata);
  EXPECT_EQ(metadata.find("tokenizer.ggml.padding_token_id"), nullptr);
  EXPECT_EQ(metadata.find("tokenizer.ggml.scores"), nullptr);
  EXPECT_EQ(metadata.find("tokenizer.ggml.normalizer.lowercase"), nullptr);
  EXPECT_EQ(metadata.get_string("tokenizer.ggml.pre"), "default");
}

TEST(WriteVocabulary, RulesThatAreNeverLearnedHereAreRefused) {
  Vocabulary v = subwords();
  v.model = "gpt2";
  format::Metadata metadata;
  try {
    write_vocabulary(v, metadata);
    ADD_FAILURE() << "was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  }
}

}  // namespace
}  // namespace frugal::train
