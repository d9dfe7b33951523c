#pragma once

/// Columns that large inputs meet are stored with more care: they are scaled up before rounding,
/// and what makes their inputs is scaled down (activation-aware weight quantisation).

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "frugal/compress/fold.h"
#include "frugal/compress/quantize.h"
#include "frugal/model/model.h"

namespace frugal::compress {

struct AwqOptions {
  QuantizeOptions rounding = {};  ///< types, kernels, threads, progress; no importance
  std::size_t context = 512;      ///< tokens of a window
  std::size_t max_tokens = 0;     ///< of the text; 0: all
  std::uint64_t sums_bytes = 0;   ///< most memory for sums at once; 0: the least that does
};

/// An input that scales were searched for.
struct ScaledInput {
  Scaling scaling = {};
  double exponent = 0.0;     ///< 0: all scales are 1
  double loss_before = 0.0;  ///< Σ tr((W - Ŵ) H (W - Ŵ)ᵀ) of some rows of its matrices, unscaled
  double loss = 0.0;         ///< the same with the scales
};

/// For each input that can be folded and has a matrix in blocks: the scales that lose least when
/// its matrices are rounded by the weighted search.
///
/// Formula: s[j] = (E[x[j]²])^(α/2), divided by sqrt(max s · min s), within 1e-4 … 1e4; α is one of
///          0, 0.05 … 0.95. A channel that several columns read takes the mean of their E[x²]; one
///          that gets no input keeps 1. Loss: of 64 rows of each matrix, spread evenly.
/// Numbers: the same for any number of threads and any `sums_bytes`.
/// Errors:  those of second_moments and check_storable.
/// Source:  Lin et al. 2023, arXiv:2306.00978, section 3.2; with E[x²] in place of E|x|, and the
///          loss of the matrices in place of the block's, from sums instead of kept inputs.
[[nodiscard]] std::vector<ScaledInput> find_scales(const model::Model& model,
                                                   std::span<const text::TokenId> text,
                                                   const AwqOptions& options);

}  // namespace frugal::compress
