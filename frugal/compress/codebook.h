#pragma once

/// The best k numbers to stand for many: weighted k-means on a line, solved exactly.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace frugal::compress {

struct Codebook {
  std::vector<float> centres;       ///< ascending; at most k, fewer where fewer numbers differ
  std::vector<std::uint8_t> codes;  ///< as the numbers: which centre is theirs
  double loss = 0.0;                ///< with the centres as they are stored, float32
};

/// The codebook with the least sum_i weights[i] (numbers[i] - centres[codes[i]])^2.
///
/// Shapes:  numbers: [n], finite; weights: [n], finite and not below 0, or empty: all 1. Where all
///          are 0 they count as 1. 1 <= k <= 256.
/// Numbers: sums in double, of numbers less their mean. Deterministic.
/// Cost:    n log n to sort, then k n log n; 8 k n bytes at most, of n numbers that differ.
/// Errors:  throws nothing; what the shapes forbid is a bug.
/// Threads: on the caller's; safe from all.
/// Source:  Wang and Song 2011, The R Journal 3(2): one-dimensional k-means by dynamic programming;
///          the divide and conquer over monotone split points is Grønlund et al. 2017,
///          arXiv:1701.07204, section 2.
[[nodiscard]] Codebook exact_codebook(std::span<const float> numbers,
                                      std::span<const float> weights, std::size_t k);

}  // namespace frugal::compress
