/// What load_tokenizer makes of a file's keys.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/model/model.h"
#include "tests/support/tiny_model.h"

namespace frugal::model {
namespace {

using Ids = std::vector<text::TokenId>;

template <class T>
format::MetaArray array_of(std::uint32_t type, const std::vector<T>& values) {
  format::MetaArray array;
  array.element_type = type;
  for (const T& value : values) array.values.emplace_back(value);
  return array;
}

format::Metadata vocabulary(const std::string& rule, const std::vector<std::string>& tokens,
                            const std::vector<std::int32_t>& types) {
  format::Metadata meta;
  meta.set("tokenizer.ggml.model", rule);
  meta.set("tokenizer.ggml.tokens", array_of(8, tokens));
  meta.set("tokenizer.ggml.token_type", array_of(5, types));
  return meta;
}

std::shared_ptr<const text::Tokenizer> load(const format::Metadata& meta) {
  const test::TempFolder folder;
  const auto path = folder / "vocabulary.gguf";
  format::write_gguf(path, meta, {});
  return load_tokenizer(*format::TensorFile::open(path));
}

// a = 0, b = 1, ab = 2, <s> = 3, </s> = 4, <|im_end|> = 5
format::Metadata bpe() {
  format::Metadata meta =
      vocabulary("gpt2", {"a", "b", "ab", "<s>", "</s>", "<|im_end|>"}, {1, 1, 1, 3, 3, 3});
  meta.set("tokenizer.ggml.merges", array_of<std::string>(8, {"a b"}));
  meta.set("tokenizer.ggml.pre", std::string("gpt-2"));
  meta.set("tokenizer.ggml.bos_token_id", std::uint32_t{3});
  return meta;
}

TEST(LoadTokenizer, ReadsMergesAndThePreTokenizer) {
  EXPECT_EQ(load(bpe())->encode("ab", {.add_special = true}), Ids{2});
}

TEST(LoadTokenizer, AddsBeginOfTextWhereThePreTokenizerImpliesIt) {
  format::Metadata meta = bpe();
  meta.set("tokenizer.ggml.pre", std::string("llama-bpe"));
  EXPECT_EQ(load(meta)->encode("ab", {.add_special = true}), (Ids{3, 2}));
  meta.set("tokenizer.ggml.add_bos_token", false);
  EXPECT_EQ(load(meta)->encode("ab", {.add_special = true}), Ids{2});
}

TEST(LoadTokenizer, EndsATextAtTokensThatTheFileDoesNotName) {
  const auto tokenizer = load(bpe());
  EXPECT_TRUE(tokenizer->ends_text(5));
  EXPECT_FALSE(tokenizer->ends_text(3));
}

TEST(LoadTokenizer, ReadsEndOfTurnAndEndOfMessage) {
  format::Metadata meta = bpe();
  meta.set("tokenizer.ggml.eot_token_id", std::uint32_t{0});
  meta.set("tokenizer.ggml.eom_token_id", std::uint32_t{1});
  const auto tokenizer = load(meta);
  EXPECT_TRUE(tokenizer->ends_text(0));
  EXPECT_TRUE(tokenizer->ends_text(1));
}

TEST(LoadTokenizer, NamesTheFileAndAnUnknownPreTokenizer) {
  format::Metadata meta = bpe();
  meta.set("tokenizer.ggml.pre", std::string("nobody's"));
  try {
    std::ignore = load(meta);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    const std::string message = error.what();
    EXPECT_NE(message.find("vocabulary.gguf: pre-tokenizer 'nobody's' is not one of"),
              std::string::npos)
        << message;
  }
}

TEST(LoadTokenizer, FramesATextOfBertWithClassAndSeparator) {
  format::Metadata meta = vocabulary("bert",
                                     {"[UNK]", "[CLS]", "[SEP]",
                                      "\xE2\x96\x81"
                                      "a"},
                                     {2, 3, 3, 1});
  meta.set("tokenizer.ggml.cls_token_id", std::uint32_t{1});
  meta.set("tokenizer.ggml.seperator_token_id", std::uint32_t{2});
  EXPECT_EQ(load(meta)->encode("A", {.add_special = true}), (Ids{1, 3, 2}));
  meta.set("tokenizer.ggml.normalizer.lowercase", false);
  EXPECT_EQ(load(meta)->encode("A", {}), Ids{0});
  meta.erase("tokenizer.ggml.seperator_token_id");
  meta.set("tokenizer.ggml.separator_token_id", std::uint32_t{2});
  EXPECT_EQ(load(meta)->encode("a", {.add_special = true}), (Ids{1, 3, 2}));
}

TEST(LoadTokenizer, EndsATextOfT5AndReadsItsCharacterMap) {
  format::Metadata meta = vocabulary("t5", {"<pad>", "</s>", "<unk>", "a"}, {3, 3, 2, 1});
  meta.set("tokenizer.ggml.scores", array_of<float>(6, {0, 0, 0, -1}));
  EXPECT_EQ(load(meta)->encode("a", {.add_special = true}), (Ids{3, 1}));
  // A trie of no units and one empty replacement, in either sign.
  meta.set("tokenizer.ggml.precompiled_charsmap", array_of<std::uint8_t>(0, {0, 0, 0, 0, 0}));
  EXPECT_EQ(load(meta)->vocabulary().charsmap, std::string(5, '\0'));
  meta.set("tokenizer.ggml.precompiled_charsmap", array_of<std::int8_t>(1, {0, 0, 0, 0, 0}));
  EXPECT_EQ(load(meta)->vocabulary().charsmap, std::string(5, '\0'));
  meta.set("tokenizer.ggml.precompiled_charsmap", array_of<std::int32_t>(5, {0}));
  EXPECT_THROW(std::ignore = load(meta), Error);
}

TEST(LoadTokenizer, LetsTheTokensOfPhi3SwallowTheWhiteSpaceBehindThem) {
  format::Metadata meta = vocabulary(
      "llama", {"<unk>", "<s>", "</s>", "<|user|>", "a", "\xE2\x96\x81"}, {2, 3, 3, 3, 1, 1});
  meta.set("tokenizer.ggml.add_space_prefix", false);
  const text::EncodeOptions special = {.add_special = false, .parse_special = true};
  EXPECT_EQ(load(meta)->encode("<|user|> a<s> a", special), (Ids{3, 5, 4, 1, 5, 4}));
  meta.set("general.name", std::string("Phi-3 mini"));
  EXPECT_EQ(load(meta)->encode("<|user|> a<s> a", special), (Ids{3, 4, 1, 5, 4}));
}

}  // namespace
}  // namespace frugal::model
