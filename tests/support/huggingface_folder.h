#pragma once

/// The folder that would become a given GGUF file: what transformers would have saved.

#include <filesystem>

#include "frugal/format/tensor_file.h"

namespace frugal::test {

struct FolderOptions {
  std::size_t parts = 1;   ///< safetensors files
  bool odd_place = false;  ///< the numbers begin at an odd byte of the file
};

/// Writes config.json and the weights of `file` (F32; llama, qwen2, qwen3, gemma3, phi3, gpt2 or
/// bert) into `folder`: names, order of rows, transposes and norms as transformers has them,
/// written here a second time and not by the tables under test.  rope_freqs are told as those of
/// Llama 3 with factor 8 and a first context of 64.
void write_huggingface_folder(const std::filesystem::path& folder, const format::TensorFile& file,
                              const FolderOptions& options = {});

}  // namespace frugal::test
