#pragma once

/// Zeros in one matrix: those numbers that its output would miss least.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "frugal/compress/gptq.h"
#include "frugal/compress/sparsity.h"

namespace frugal::compress {

/// How to choose.
struct Pruning {
  Sparsity sparsity = {};
  std::span<const float> weights = {};  ///< [cols] mean of x[c]²; empty: not known
};

/// Rows with zeros, stored.
struct PrunedMatrix {
  std::vector<std::byte> stored = {};
  std::uint64_t zeros = 0;                   ///< numbers that are 0 in `stored`
  bool fed_back = false;                     ///< errors were fed forward
  std::optional<double> loss_plain = {};     ///< tr((W - Ŵ) H (W - Ŵ)ᵀ) of `prune`
  std::optional<double> loss_fed_back = {};  ///< the same of feeding errors forward
};

/// Sets the smallest numbers of W to 0 and rounds the rest by `round_row`.
///
/// Formula: score |w[r][c]| without weights (magnitude), |w[r][c]| sqrt(weights[c]) with them
///          (Wanda). A ratio holds in the whole matrix without weights, in each row with them; a
///          pattern in each group of columns; a threshold is for |w|.
/// Shapes:  rows of `cols` numbers, a multiple of the type's block; weights: [cols] or none.
/// Numbers: the same bytes for any number of threads; a type that `holds_zero`.
/// Errors:  those of `rows.read`.
/// Memory:  as bytes_to_prune says.
/// Source:  Sun et al. 2023, arXiv:2306.11695, section 3.
[[nodiscard]] PrunedMatrix prune(const kernels::Kernels& kernels, ThreadPool& pool,
                                 const Rows& rows, std::size_t cols, const Pruning& pruning);

/// SparseGPT: goes through W by blocks of 128 columns (256 for types of such blocks); in each the
/// numbers of least (w / U[c][c])² become 0, chosen among all rows for a ratio, within each group
/// of a row for a pattern; the others are rounded, and what both lose is fed to the columns behind
/// as in gptq.h. `prune` with the diagonal of H is tried too, and the one of less loss is kept.
///
/// Numbers: as prune; losses in double from float32 products.
/// Errors:  those of `rows.read`; a threshold is a bug and fails FRUGAL_CHECK.
/// Memory:  as bytes_to_prune says.
/// Source:  Frantar and Alistarh 2023, arXiv:2301.00774, algorithm 1.
[[nodiscard]] PrunedMatrix prune_fed_back(const kernels::Kernels& kernels, ThreadPool& pool,
                                          const Rows& rows, const Sparsity& sparsity,
                                          const ErrorFeedback& feedback);

/// Most bytes that either needs for a matrix, both results included.
[[nodiscard]] std::uint64_t bytes_to_prune(std::size_t rows, std::size_t cols, DType type);

}  // namespace frugal::compress
