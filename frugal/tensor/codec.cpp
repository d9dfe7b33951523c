#include "frugal/tensor/codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "frugal/base/error.h"
#include "frugal/tensor/blocks.h"
#include "frugal/tensor/half.h"

namespace frugal {

namespace {

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void store(std::byte* to, const T& value) {
  std::memcpy(to, &value, sizeof value);
}

// Calls body(block bytes, first element) for each block of `elements` numbers.
template <class Block, class Byte, class Body>
void each_block(Byte* row, std::size_t cols, const Body& body) {
  for (std::size_t c = 0; c < cols; c += Block::kElements, row += sizeof(Block)) body(row, c);
}

void decode_q8_0(const std::byte* row, std::span<float> out) {
  each_block<BlockQ8_0>(row, out.size(), [&](const std::byte* bytes, std::size_t c) {
    const auto block = load<BlockQ8_0>(bytes);
    const float d = half_to_float(block.d);
    for (std::size_t j = 0; j < 32; ++j) out[c + j] = d * static_cast<float>(block.qs[j]);
  });
}

void decode_q4_0(const std::byte* row, std::span<float> out) {
  each_block<BlockQ4_0>(row, out.size(), [&](const std::byte* bytes, std::size_t c) {
    const auto block = load<BlockQ4_0>(bytes);
    const float d = half_to_float(block.d);
    for (std::size_t j = 0; j < 16; ++j) {
      out[c + j] = d * static_cast<float>((block.qs[j] & 15) - 8);
      out[c + j + 16] = d * static_cast<float>((block.qs[j] >> 4) - 8);
    }
  });
}

// Truncates towards zero.  A NaN or a number that no int holds gives 0: the cast alone would be
// undefined, and 0 is what the low byte of the reference's cast is on x86-64.
int whole(float x) {
  return std::abs(x) < 0x1p30F ? static_cast<int>(x) : 0;
}

void encode_q8_0(std::span<const float> in, std::byte* row) {
  each_block<BlockQ8_0>(row, in.size(), [&](std::byte* bytes, std::size_t c) {
    float largest = 0.0F;
    for (std::size_t j = 0; j < 32; ++j) largest = std::max(largest, std::abs(in[c + j]));
    const float d = largest / 127.0F;
    const float inverse = d != 0.0F ? 1.0F / d : 0.0F;
    BlockQ8_0 block{};
    block.d = float_to_half(d);
    for (std::size_t j = 0; j < 32; ++j) {
      block.qs[j] = static_cast<std::int8_t>(whole(std::round(in[c + j] * inverse)));
    }
    store(bytes, block);
  });
}

void encode_q4_0(std::span<const float> in, std::byte* row) {
  each_block<BlockQ4_0>(row, in.size(), [&](std::byte* bytes, std::size_t c) {
    float largest = 0.0F;
    float signed_largest = 0.0F;
    for (std::size_t j = 0; j < 32; ++j) {
      if (std::abs(in[c + j]) > largest) {
        largest = std::abs(in[c + j]);
        signed_largest = in[c + j];
      }
    }
    const float d = signed_largest / -8.0F;
    const float inverse = d != 0.0F ? 1.0F / d : 0.0F;
    const auto level = [&](std::size_t j) {
      return std::min(15, whole((in[c + j] * inverse) + 8.5F));
    };
    BlockQ4_0 block{};
    block.d = float_to_half(d);
    for (std::size_t j = 0; j < 16; ++j) {
      block.qs[j] = static_cast<std::uint8_t>(level(j) | (level(j + 16) << 4));
    }
    store(bytes, block);
  });
}

template <class Stored, class Convert>
void decode_each(const std::byte* row, std::span<float> out, const Convert& convert) {
  for (std::size_t c = 0; c < out.size(); ++c) {
    out[c] = convert(load<Stored>(row + (c * sizeof(Stored))));
  }
}

template <class Convert>
void encode_each(std::span<const float> in, std::byte* row, const Convert& convert) {
  for (const float value : in) {
    const auto stored = convert(value);
    store(row, stored);
    row += sizeof stored;
  }
}

}  // namespace

bool can_decode(DType type) {
  return type == DType::kF32 || type == DType::kF16 || type == DType::kBF16 ||
         type == DType::kQ8_0 || type == DType::kQ4_0;
}

bool can_encode(DType type) {
  return can_decode(type);
}

void decode_row(DType type, const std::byte* row, std::span<float> out) {
  FRUGAL_CHECK(out.size() % traits(type).block_elements == 0);
  switch (type) {
    case DType::kF32:
      return decode_each<float>(row, out, [](float x) { return x; });
    case DType::kF16:
      return decode_each<std::uint16_t>(row, out, half_to_float);
    case DType::kBF16:
      return decode_each<std::uint16_t>(row, out, bfloat_to_float);
    case DType::kQ8_0:
      return decode_q8_0(row, out);
    case DType::kQ4_0:
      return decode_q4_0(row, out);
    default:
      FRUGAL_CHECK(can_decode(type));
  }
}

void encode_row(DType type, std::span<const float> in, std::byte* row) {
  FRUGAL_CHECK(in.size() % traits(type).block_elements == 0);
  switch (type) {
    case DType::kF32:
      return encode_each(in, row, [](float x) { return x; });
    case DType::kF16:
      return encode_each(in, row, float_to_half);
    case DType::kBF16:
      return encode_each(in, row, float_to_bfloat);
    case DType::kQ8_0:
      return encode_q8_0(in, row);
    case DType::kQ4_0:
      return encode_q4_0(in, row);
    default:
      FRUGAL_CHECK(can_encode(type));
  }
}

}  // namespace frugal
