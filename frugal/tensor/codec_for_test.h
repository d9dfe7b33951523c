#pragma once

/// Rows for tests of the codecs: encoded, decoded, written out by hand.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "frugal/tensor/codec.h"
#include "frugal/tensor/half.h"

namespace frugal::codec_test {

inline std::vector<std::byte> encode(DType type, const std::vector<float>& in) {
  std::vector<std::byte> row(row_bytes(type, in.size()).value());
  encode_row(type, in, row.data());
  return row;
}

inline std::vector<float> decode(DType type, const std::vector<std::byte>& row, std::size_t cols) {
  std::vector<float> out(cols);
  decode_row(type, row.data(), out);
  return out;
}

inline std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value & 0xFF));
  return out;
}

// A repeatable row of `cols` numbers in [-scale, scale).
inline std::vector<float> noise(std::size_t cols, float scale, std::uint32_t seed = 1) {
  std::vector<float> out(cols);
  for (float& value : out) {
    seed = (seed * 1664525U) + 1013904223U;
    value = scale * ((static_cast<float>(seed >> 8U) * 0x1p-23F) - 1.0F);
  }
  return out;
}

/// The bytes of a binary16, the low one first.
inline std::vector<std::byte> half_bytes(float value) {
  const std::uint16_t half = float_to_half(value);
  return {static_cast<std::byte>(half & 255U), static_cast<std::byte>(half >> 8U)};
}

inline void append(std::vector<std::byte>& row, const std::vector<std::byte>& more) {
  row.insert(row.end(), more.begin(), more.end());
}

}  // namespace frugal::codec_test
