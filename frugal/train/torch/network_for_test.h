#pragma once

/// A network's numbers without LibTorch's types, for tests that compare them with the engine's.

#include <cstddef>
#include <filesystem>
#include <vector>

#include "frugal/train/packer.h"

namespace frugal::train {

/// Row-major numbers.
struct PlainRows {
  std::size_t cols = 0;
  std::vector<float> numbers;

  [[nodiscard]] const float* row(std::size_t index) const { return &numbers[index * cols]; }
};

/// The forward pass of a file over a batch.
struct PlainForward {
  PlainRows hidden;              ///< a row per token, after the last norm
  PlainRows logits;              ///< likewise; empty for an encoder
  std::vector<PlainRows> exits;  ///< logits at each exit, likewise
};

[[nodiscard]] PlainForward plain_forward(const std::filesystem::path& model, const Batch& batch);

/// Whether two files hold equal parameters under equal names.
[[nodiscard]] bool same_parameters(const std::filesystem::path& a, const std::filesystem::path& b);

/// Imports a file and writes it again in float32.
void export_again(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace frugal::train
