/// Does a vocabulary that went through a tokenizer.json give the ids it gave before?
///
/// The reference vocabularies are written as Hugging Face writes them, merges and all, read back,
/// and asked for the ids of llama.cpp's test cases.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/format/gguf.h"
#include "frugal/model/model.h"
#include "frugal/text/tokenizer_json.h"

namespace frugal {
namespace {

std::filesystem::path vocabulary_file(const std::string& name) {
  const char* shared = std::getenv("FRUGAL_SHARED");
  const char* source = std::getenv("FRUGAL_SOURCE_DIR");
  const std::filesystem::path root =
      shared != nullptr ? std::filesystem::path(shared)
                        : std::filesystem::path(source != nullptr ? source : ".") / ".." / "shared";
  return root / "data" / "vocab" / name;
}

std::vector<std::string> read_texts(const std::filesystem::path& path) {
  constexpr std::string_view kEnd = "\n__ggml_vocab_test__\n";
  std::ifstream file(path, std::ios::binary);
  std::ostringstream stream;
  stream << file.rdbuf();
  const std::string bytes = stream.str();
  std::vector<std::string> texts;
  std::size_t at = 0;
  for (std::size_t end = bytes.find(kEnd); end != std::string::npos; end = bytes.find(kEnd, at)) {
    texts.push_back(bytes.substr(at, end - at));
    at = end + kEnd.size();
  }
  return texts;
}

bool is_special(text::TokenType type) {
  return type == text::TokenType::kControl || type == text::TokenType::kUnknown;
}

// The tables that every tokenizer.json has.
SortedJson tables(const text::Vocabulary& v) {
  SortedJson out;
  out["added_tokens"] = SortedJson::array();
  for (std::size_t i = 0; i < v.tokens.size(); ++i) {
    out["model"]["vocab"][v.tokens[i]] = i;
    if (!is_special(v.types[i]) && v.types[i] != text::TokenType::kUserDefined) continue;
    out["added_tokens"].push_back(
        {{"id", i}, {"content", v.tokens[i]}, {"special", is_special(v.types[i])}});
  }
  out["model"]["type"] = "BPE";
  return out;
}

SortedJson byte_level(const text::Vocabulary& v, const std::string& expression) {
  SortedJson out = tables(v);
  out["model"]["merges"] = v.merges;
  out["model"]["ignore_merges"] = v.pre == "llama-bpe";
  const SortedJson bytes = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", expression.empty()}};
  out["pre_tokenizer"] = bytes;
  if (expression.empty()) return out;
  const SortedJson split = {{"type", "Split"},
                            {"pattern", {{"Regex", expression}}},
                            {"behavior", "Isolated"},
                            {"invert", false}};
  out["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
  return out;
}

// Every way to join two tokens to a third, the best third first: how SentencePiece's models get
// their merges on the way to Hugging Face.
std::vector<std::string> derived_merges(const text::Vocabulary& v) {
  std::map<std::string, std::size_t> ids;
  for (std::size_t i = 0; i < v.tokens.size(); ++i) ids[v.tokens[i]] = i;
  std::vector<std::tuple<float, std::size_t, std::size_t>> found;
  for (std::size_t i = 0; i < v.tokens.size(); ++i) {
    if (v.types[i] != text::TokenType::kNormal) continue;
    const std::string& whole = v.tokens[i];
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      const auto left = ids.find(whole.substr(0, cut));
      const auto right = ids.find(whole.substr(cut));
      if (left == ids.end() || right == ids.end()) continue;
      found.emplace_back(-v.scores[i], left->second, right->second);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> merges;
  merges.reserve(found.size());
  for (const auto& [score, left, right] : found) {
    merges.push_back(v.tokens[left] + " " + v.tokens[right]);
  }
  return merges;
}

SortedJson character_level(const text::Vocabulary& v) {
  SortedJson out = tables(v);
  out["model"]["merges"] = derived_merges(v);
  out["model"]["byte_fallback"] = true;
  out["model"]["unk_token"] = "<unk>";
  const SortedJson prepend = {{"type", "Prepend"}, {"prepend", "\xE2\x96\x81"}};
  const SortedJson replace = {
      {"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\xE2\x96\x81"}};
  out["normalizer"] = {{"type", "Sequence"}, {"normalizers", {prepend, replace}}};
  return out;
}

SortedJson word_piece(const text::Vocabulary& v) {
  constexpr std::string_view kStart = "\xE2\x96\x81";
  text::Vocabulary spelled = v;
  for (std::string& token : spelled.tokens) {
    if (token.starts_with(kStart)) {
      token.erase(0, kStart.size());
    } else if (!token.starts_with('[') || token.size() == 1) {
      token.insert(0, "##");
    }
  }
  SortedJson out = tables(spelled);
  out["model"]["type"] = "WordPiece";
  out["model"]["unk_token"] = "[UNK]";
  out["normalizer"] = {{"type", "BertNormalizer"}, {"lowercase", true}};
  out["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
  return out;
}

constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
    R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2 = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
                               R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

SortedJson as_tokenizer_json(const text::Vocabulary& v) {
  if (v.model == "llama") return character_level(v);
  if (v.model == "bert") return word_piece(v);
  if (v.pre == "llama-bpe") return byte_level(v, kLlama3);
  return byte_level(v, v.pre == "qwen2" ? kQwen2 : "");
}

class TokenizerJsonParity : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerJsonParity, GivesTheSameIdsForEveryCase) {
  const auto path = vocabulary_file(std::string("ggml-vocab-") + GetParam() + ".gguf");
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "no " << path << ": set FRUGAL_SHARED to the folder that has data/vocab";
  }
  const auto before = model::load_tokenizer(*format::TensorFile::open(path));
  const std::string json = as_tokenizer_json(before->vocabulary()).dump();
  const auto after = text::make_tokenizer(text::vocabulary_from_tokenizer_json(json, ""));
  EXPECT_EQ(after->vocabulary().model, before->vocabulary().model);
  EXPECT_EQ(after->size(), before->size());
  for (const std::string& text : read_texts(path.string() + ".inp")) {
    EXPECT_EQ(after->encode(text, {}), before->encode(text, {})) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, TokenizerJsonParity,
                         testing::Values("bert-bge", "gpt-2", "llama-bpe", "llama-spm", "qwen2"),
                         [](const auto& file) {
                           std::string name;
                           for (const char* c = file.param; *c != '\0'; ++c) {
                             if (*c != '-') name += *c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace frugal
