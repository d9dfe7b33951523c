#pragma once

/// Second moments of what a text puts into matrices: sums of x xᵀ, or of its diagonal.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "frugal/compress/calibrate.h"
#include "frugal/compress/linalg.h"

namespace frugal::compress {

/// One input of the network and the stored matrices that get it (query, key and value; gate and
/// up).
struct Input {
  std::vector<std::string> tensors = {};
  std::size_t cols = 0;
};

/// All inputs of matrices in the order of the network, by passing two tokens; with `output`, that
/// of the matrix that makes the logits too.
///
/// Errors: those of Engine::forward; kUnsupported for a model that gives no logits.
[[nodiscard]] std::vector<Input> inputs_of(const model::Model& model, bool output);

/// What is summed of an input.
enum class Sums { kNone, kSquares, kProducts };

/// Bytes of the sums of one input.
[[nodiscard]] std::uint64_t bytes_of_sums(Sums sums, std::size_t cols);

/// Splits inputs, in order, so that the sums of each part need at most `bytes`; an input that needs
/// more by itself is a part of its own.
[[nodiscard]] std::vector<std::span<const Input>> passes_within(std::span<const Input> inputs,
                                                                std::uint64_t bytes,
                                                                Sums sums = Sums::kProducts);

/// Over `count` tokens: sum = Σ_t x_t x_tᵀ, the lower triangle, the upper is 0; or only
/// squares[c] = Σ_t x_t[c]².  The other one is empty.
struct SecondMoments {
  Input input = {};
  SquareMatrix sum = {};
  double count = 0.0;
  std::vector<double> squares = {};
};

/// Runs the text (`watch_text`) once and sums for each of the wanted inputs.
///
/// Numbers: products of at most 256 tokens are summed in float32 by the kernels, those sums in
///          double: an entry is off by about 1e-6 of sqrt(sum_ii sum_jj), far below the damping
///          that any use of it adds.  The same bits for any number of threads and for any choice of
///          wanted inputs; instruction sets differ in the last digits.  Squares are summed in
///          double.
/// Memory:  8 bytes cols^2 per input, or 8 cols for squares, besides the engine's.
/// Errors:  those of watch_text and check_finite.
[[nodiscard]] std::vector<SecondMoments> second_moments(const model::Model& model,
                                                        std::span<const text::TokenId> text,
                                                        std::span<const Input> wanted,
                                                        const CalibrateOptions& options,
                                                        Sums sums = Sums::kProducts);

}  // namespace frugal::compress
