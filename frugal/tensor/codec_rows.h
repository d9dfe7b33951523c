#pragma once

/// Private to the codecs: bytes in and out, and one function per block type.  See codec.h.

#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>

namespace frugal::codec {

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

/// Calls body(block, the block's share of `out`) for each block of a row.
template <class Block, class Body>
void each_block(const std::byte* row, std::span<float> out, const Body& body) {
  for (std::size_t c = 0; c < out.size(); c += Block::kElements, row += sizeof(Block)) {
    body(load<Block>(row), out.data() + c);
  }
}

/// Stores body(the block's share of `in`) for each block of a row.
template <class Block, class Body>
void each_block(std::span<const float> in, std::byte* row, const Body& body) {
  for (std::size_t c = 0; c < in.size(); c += Block::kElements, row += sizeof(Block)) {
    const Block block = body(in.data() + c);
    store(row, block);
  }
}

// Blocks of 32: codec_32.cpp.
void decode_q4_0(const std::byte* row, std::span<float> out);
void decode_q4_1(const std::byte* row, std::span<float> out);
void decode_q5_0(const std::byte* row, std::span<float> out);
void decode_q5_1(const std::byte* row, std::span<float> out);
void decode_q8_0(const std::byte* row, std::span<float> out);
void decode_iq4_nl(const std::byte* row, std::span<float> out);
void decode_mxfp4(const std::byte* row, std::span<float> out);

void encode_q4_0(std::span<const float> in, std::byte* row);
void encode_q4_1(std::span<const float> in, std::byte* row);
void encode_q5_0(std::span<const float> in, std::byte* row);
void encode_q5_1(std::span<const float> in, std::byte* row);
void encode_q8_0(std::span<const float> in, std::byte* row);

// Blocks of 256: codec_256.cpp.
void decode_q2_k(const std::byte* row, std::span<float> out);
void decode_q3_k(const std::byte* row, std::span<float> out);
void decode_q4_k(const std::byte* row, std::span<float> out);
void decode_q5_k(const std::byte* row, std::span<float> out);
void decode_q6_k(const std::byte* row, std::span<float> out);
void decode_iq4_xs(const std::byte* row, std::span<float> out);

}  // namespace frugal::codec
