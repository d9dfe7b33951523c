#pragma once

/// Private to this folder's tests: numbers, sizes and stored weights to try every table with.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "frugal/kernels/kernels.h"
#include "frugal/kernels/matmul.h"
#include "frugal/tensor/codec.h"

namespace frugal::kernels::testing {

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Around the widths of vectors and tiles, and two of real models.
inline constexpr std::array<std::size_t, 17> kSizes = {1,  3,  7,  8,  9,  15, 16,  17,  31,
                                                       32, 33, 63, 64, 65, 95, 172, 1023};
inline constexpr std::array<std::size_t, 6> kBlockSizes = {32, 64, 96, 160, 256, 2048};
inline constexpr std::array<std::size_t, 10> kBatches = {1, 2, 3, 4, 5, 6, 7, 8, 9, 17};

/// `count` numbers in [-1, 1), the same on every machine; another seed gives others.
inline std::vector<float> numbers(std::size_t count, std::uint32_t seed) {
  std::uint32_t state = (seed * 2654435761U) + 12345U;
  std::vector<float> values(count);
  for (float& value : values) {
    state = (state * 1664525U) + 1013904223U;
    value = (static_cast<float>(state >> 8U) * 0x1p-23F) - 1.0F;
  }
  return values;
}

inline std::string name(const Kernels& table) {
  return std::string(isa_name(table.isa));
}

/// One row as a view.
template <class T>
MatrixView<T> row_view(T* data, std::size_t cols) {
  return {data, 1, cols, cols};
}

/// max_i |got[i] - want[i]| / (relative * |want[i]| + absolute): at most 1 when all agree; infinite
/// when one of the two is NaN and the other is not.
inline double worst(std::span<const float> got, std::span<const float> want, double relative,
                    double absolute) {
  double result = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double g = got[i];
    const double w = want[i];
    if (std::isnan(g) && std::isnan(w)) continue;
    if (g == w) continue;
    const double error = std::abs(g - w) / ((relative * std::abs(w)) + absolute);
    result = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(result, error);
  }
  return result;
}

/// A random matrix in some stored type.  Its first byte is 2 bytes past an aligned address and its
/// rows are 2 bytes apart, as little as a mapped file promises.
class Weights {
 public:
  Weights(DType type, std::size_t rows, std::size_t cols, std::uint32_t seed)
      : type_(type), rows_(rows), cols_(cols), bytes_(*frugal::row_bytes(type, cols) + 2) {
    storage_.resize((rows * bytes_) + 2);
    const std::vector<float> values = numbers(rows * cols, seed);
    for (std::size_t r = 0; r < rows; ++r) {
      encode_row(type, std::span(values).subspan(r * cols, cols), row(r));
    }
  }

  [[nodiscard]] std::byte* row(std::size_t r) { return storage_.data() + 2 + (r * bytes_); }
  [[nodiscard]] const std::byte* row(std::size_t r) const {
    return storage_.data() + 2 + (r * bytes_);
  }
  [[nodiscard]] StoredMatrix matrix() const { return {type_, row(0), rows_, cols_, bytes_}; }
  [[nodiscard]] std::vector<float> decoded(std::size_t r) const {
    std::vector<float> values(cols_);
    decode_row(type_, row(r), values);
    return values;
  }

 private:
  DType type_;
  std::size_t rows_;
  std::size_t cols_;
  std::size_t bytes_;
  std::vector<std::byte> storage_;
};

/// Runs `table` on all rows and returns max |got - want| / sum_c |w x|, the measure that `matmul`
/// promises 1e-5 of.  `meant[n]` are the activations as the kernel understands them.
inline double matmul_error(const Kernels& table, const Weights& weights, const Activations& x,
                           const std::vector<std::vector<float>>& meant) {
  const StoredMatrix w = weights.matrix();
  const std::size_t stride = w.rows + 3;
  std::vector<float> out(meant.size() * stride, kNan);
  matmul(table, w, x, 0, w.rows, {out.data(), meant.size(), w.rows, stride});
  double result = 0.0;
  for (std::size_t r = 0; r < w.rows; ++r) {
    const std::vector<float> row = weights.decoded(r);
    for (std::size_t n = 0; n < meant.size(); ++n) {
      double want = 0.0;
      double size = 0.0;
      for (std::size_t c = 0; c < w.cols; ++c) {
        const double product = static_cast<double>(row[c]) * static_cast<double>(meant[n][c]);
        want += product;
        size += std::abs(product);
      }
      const double error = std::abs(static_cast<double>(out[(n * stride) + r]) - want) / size;
      if (!(error <= result)) result = error;
    }
  }
  for (std::size_t n = 0; n < meant.size(); ++n) {
    for (std::size_t r = w.rows; r < stride; ++r) {
      if (!std::isnan(out[(n * stride) + r])) return std::numeric_limits<double>::infinity();
    }
  }
  return result;
}

}  // namespace frugal::kernels::testing
