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
#include "frugal/kernels/quantize.h"
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

/// The types that are stored in blocks.
inline constexpr std::array<DType, 13> kBlockTypes = {
    DType::kQ4_0,   DType::kQ4_1,   DType::kQ5_0, DType::kQ5_1, DType::kQ8_0,
    DType::kQ2_K,   DType::kQ3_K,   DType::kQ4_K, DType::kQ5_K, DType::kQ6_K,
    DType::kIQ4_NL, DType::kIQ4_XS, DType::kMXFP4};

/// Where the binary16 scales of a stored block lie; MXFP4's scale is a byte.
inline std::vector<std::size_t> scale_offsets(DType type) {
  switch (type) {
    case DType::kQ4_1:
    case DType::kQ5_1:
    case DType::kQ4_K:
    case DType::kQ5_K:
      return {0, 2};
    case DType::kQ2_K:
      return {80, 82};
    case DType::kQ3_K:
      return {108};
    case DType::kQ6_K:
      return {208};
    case DType::kMXFP4:
      return {};
    default:
      return {0};
  }
}

/// Bytes that a file may hold: any integers, and scales of either sign around 2^-8.
inline void fill_blocks(DType type, std::span<std::byte> row, std::uint32_t seed) {
  std::uint32_t state = (seed * 2654435761U) + 99991U;
  const auto random = [&state] { return (state = (state * 1664525U) + 1013904223U) >> 8U; };
  for (std::byte& byte : row) byte = static_cast<std::byte>(random() & 255U);
  const std::size_t bytes = traits(type).block_bytes;
  for (std::size_t at = 0; at < row.size(); at += bytes) {
    if (type == DType::kMXFP4) row[at] = static_cast<std::byte>(118U + (random() % 5U));
    for (const std::size_t offset : scale_offsets(type)) {
      const std::uint32_t half = 0x1C00U + (random() & 0x83FFU);
      row[at + offset] = static_cast<std::byte>(half & 255U);
      row[at + offset + 1] = static_cast<std::byte>(half >> 8U);
    }
  }
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
      if (traits(type).block_elements > 1) {
        fill_blocks(type, {row(r), bytes_ - 2}, seed + static_cast<std::uint32_t>(r));
      } else {
        encode_row(type, std::span(values).subspan(r * cols, cols), row(r));
      }
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

/// Activations rounded by the scalar table, and the numbers that the integers stand for.
struct RoundedActivations {
  RoundedActivations(std::size_t batch, std::size_t cols, std::vector<float> numbers_to_round)
      : data(std::move(numbers_to_round)) {
    rows.resize(batch, cols);
    const MatrixView<const float> view{data.data(), batch, cols, cols};
    quantize(*runnable_kernels().front(), view, rows);
    x = {view, rows.view()};
    for (std::size_t n = 0; n < batch; ++n) {
      meant.emplace_back(cols);
      for (std::size_t c = 0; c < cols; ++c) {
        meant[n][c] = rows.blocks(n)[c / 32].scale * static_cast<float>(rows.values(n)[c]);
      }
    }
  }
  RoundedActivations(std::size_t batch, std::size_t cols, std::uint32_t seed)
      : RoundedActivations(batch, cols, numbers(batch * cols, seed)) {}
  RoundedActivations(const RoundedActivations&) = delete;
  RoundedActivations& operator=(const RoundedActivations&) = delete;

  /// Row n alone.
  [[nodiscard]] Activations only(std::size_t n) const {
    const std::size_t cols = x.x.cols;
    return {{x.x.row(n), 1, cols, cols},
            {x.quantized.values + (n * cols), x.quantized.blocks + (n * (cols / 32))}};
  }

  std::vector<float> data;
  QuantizedRows rows;
  Activations x;
  std::vector<std::vector<float>> meant;
};

/// All results of one table, [batch][rows].
inline std::vector<float> products(const Kernels& table, const StoredMatrix& w,
                                   const Activations& x) {
  std::vector<float> out(x.x.rows * w.rows, kNan);
  matmul(table, w, x, 0, w.rows, {out.data(), x.x.rows, w.rows, w.rows});
  return out;
}

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
