#pragma once

/// Small random-weight files of every architecture: made in a moment, shaped like the real ones.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "frugal/format/gguf.h"
#include "frugal/tensor/dtype.h"
#include "tests/support/temp_folder.h"

namespace frugal::test {

/// A tensor of random numbers; one row makes a vector.
struct TinyTensor {
  std::string name;
  std::size_t rows = 1;
  std::size_t cols = 1;
};

struct TinyModel {
  std::string architecture = "llama";  ///< llama, qwen2, qwen3, gemma3, phi3, gpt2 or bert
  std::size_t embedding = 64;
  std::size_t layers = 2;
  std::size_t heads = 4;
  std::size_t kv_heads = 2;
  std::size_t feed_forward = 96;
  std::size_t context = 256;
  DType type = DType::kF32;  ///< of the matrices
  bool tied = false;         ///< no output matrix
  bool rope_freqs = false;
  std::vector<std::uint32_t> exits = {};  ///< layers after which there is an exit
  std::uint64_t seed = 1;
  /// Called with each tensor's name and numbers before they are stored.
  std::function<void(const std::string& name, std::span<float> values)> edit = {};
  /// Called with the metadata before the file is written.
  std::function<void(format::Metadata& metadata)> edit_metadata = {};
  /// Tensors of these names are left out.
  std::vector<std::string> omit = {};
  /// Tensors beyond those of the architecture, or of another shape in place of omitted ones.
  std::vector<TinyTensor> add = {};
};

/// Tokens in the vocabulary: <unk>, <s>, </s>, 256 bytes, then letters and a few words.
inline constexpr std::size_t kTinyVocabulary = 320;

/// Writes the model and returns `path`.
std::filesystem::path write_tiny_model(const std::filesystem::path& path, const TinyModel& model);

/// English-like text of about `words` words that the tiny vocabulary can hold.
[[nodiscard]] std::string tiny_text(std::size_t words, std::uint64_t seed = 1);

}  // namespace frugal::test
