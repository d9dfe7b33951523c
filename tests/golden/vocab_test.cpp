/// Do our ids equal llama.cpp's on its own test cases?
///
/// `NAME.gguf` holds a vocabulary, `NAME.gguf.inp` texts that each end with the line
/// "__ggml_vocab_test__", `NAME.gguf.out` a line of ids for each.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/format/gguf.h"
#include "frugal/model/model.h"
#include "frugal/text/tokenizer.h"

namespace frugal {
namespace {

using Ids = std::vector<text::TokenId>;

std::filesystem::path vocabulary_file(const std::string& name) {
  const char* shared = std::getenv("FRUGAL_SHARED");
  const char* source = std::getenv("FRUGAL_SOURCE_DIR");
  const std::filesystem::path root =
      shared != nullptr ? std::filesystem::path(shared)
                        : std::filesystem::path(source != nullptr ? source : ".") / ".." / "shared";
  return root / "data" / "vocab" / name;
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::vector<std::string> read_texts(const std::filesystem::path& path) {
  constexpr std::string_view kEnd = "\n__ggml_vocab_test__\n";
  const std::string bytes = read_all(path);
  std::vector<std::string> texts;
  std::size_t at = 0;
  for (std::size_t end = bytes.find(kEnd); end != std::string::npos; end = bytes.find(kEnd, at)) {
    texts.push_back(bytes.substr(at, end - at));
    at = end + kEnd.size();
  }
  return texts;
}

std::vector<Ids> read_ids(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Ids> all;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Ids& ids = all.emplace_back();
    for (text::TokenId id = 0; words >> id;) ids.push_back(id);
  }
  return all;
}

class VocabParity : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::filesystem::path path = vocabulary_file(GetParam());
    if (!std::filesystem::exists(path)) {
      GTEST_SKIP() << "no " << path << ": set FRUGAL_SHARED to the folder that has data/vocab";
    }
    tokenizer_ = model::load_tokenizer(*format::TensorFile::open(path));
    texts_ = read_texts(path.string() + ".inp");
    ids_ = read_ids(path.string() + ".out");
    ASSERT_FALSE(texts_.empty());
    ASSERT_EQ(texts_.size(), ids_.size());
  }

  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::vector<std::string> texts_;
  std::vector<Ids> ids_;
};

TEST_P(VocabParity, EncodesEveryCaseToTheSameIds) {
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    EXPECT_EQ(tokenizer_->encode(texts_[i], {}), ids_[i]) << "case " << i << ": " << texts_[i];
  }
}

TEST_P(VocabParity, DecodesEveryCaseBackToItsText) {
  if (tokenizer_->vocabulary().model == "bert") GTEST_SKIP() << "BERT forgets case and spaces";
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    EXPECT_EQ(tokenizer_->decode(ids_[i]), texts_[i]) << "case " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, VocabParity,
                         testing::Values("ggml-vocab-bert-bge.gguf", "ggml-vocab-gpt-2.gguf",
                                         "ggml-vocab-llama-bpe.gguf", "ggml-vocab-llama-spm.gguf",
                                         "ggml-vocab-qwen2.gguf"),
                         [](const auto& file) {
                           std::string name;
                           for (const char c : std::string_view(file.param).substr(11)) {
                             if (c == '.') break;
                             if (c != '-') name += c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace frugal
