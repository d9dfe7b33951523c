#include "frugal/compress/affine_int8.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "frugal/base/error.h"

namespace frugal::compress {

namespace {

constexpr double kBitsOfCode = 8.0;
constexpr double kBitsOfRange = 40.0;
constexpr float kTop = 255.0F;

// Rounds what shares one scale, in place.
void round_range(std::span<float> numbers) {
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  const float low = std::min(*least, 0.0F);
  const float high = std::max(*most, 0.0F);
  const float scale = (high - low) / kTop;
  if (scale == 0.0F) return;
  const float zero = std::round(-low / scale);
  for (float& number : numbers) {
    const float code = std::clamp(std::round(number / scale) + zero, 0.0F, kTop);
    number = scale * (code - zero);
  }
}

std::size_t length_of(MatrixView<const float> weights, Granularity granularity, std::size_t group) {
  if (granularity == Granularity::kTensor) return weights.rows * weights.cols;
  return granularity == Granularity::kRow ? weights.cols : group;
}

}  // namespace

AffineInt8 affine_int8(MatrixView<const float> weights, Granularity granularity,
                       std::size_t group) {
  const std::size_t length = length_of(weights, granularity, group);
  FRUGAL_CHECK(length > 0 || weights.rows * weights.cols == 0);
  AffineInt8 result;
  for (std::size_t r = 0; r < weights.rows; ++r) {
    result.numbers.insert(result.numbers.end(), weights.row(r), weights.row(r) + weights.cols);
  }
  const std::span<float> all(result.numbers);
  const std::size_t line = granularity == Granularity::kTensor ? all.size() : weights.cols;
  std::size_t ranges = 0;
  for (std::size_t first = 0; first < all.size(); first += line) {
    for (std::size_t at = 0; at < line; at += length, ++ranges) {
      round_range(all.subspan(first + at, std::min(length, line - at)));
    }
  }
  double sum = 0.0;
  auto rounded = result.numbers.begin();
  for (std::size_t r = 0; r < weights.rows; ++r) {
    for (std::size_t c = 0; c < weights.cols; ++c, ++rounded) {
      const double rest = static_cast<double>(weights.row(r)[c]) - static_cast<double>(*rounded);
      sum += rest * rest;
    }
  }
  const auto count = static_cast<double>(std::max<std::size_t>(all.size(), 1));
  result.mean_squared_error = sum / count;
  result.bits_per_weight = kBitsOfCode + (kBitsOfRange * static_cast<double>(ranges) / count);
  return result;
}

}  // namespace frugal::compress
