// The layouts of tensor/blocks.h, written instead of read.

#include "frugal/kernels/round_pack.h"

#include <cstring>

#include "frugal/tensor/blocks.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels {

namespace {

std::uint8_t byte(int bits) {
  return static_cast<std::uint8_t>(bits & 255);
}

template <class Block>
void store(std::byte* to, const Block& block) {
  std::memcpy(to, &block, sizeof block);
}

/// Byte j: the low four bits of codes j (low nibble) and j + `run` (high nibble).
void put_nibbles(const std::uint8_t* codes, std::size_t run, std::uint8_t* qs) {
  for (std::size_t j = 0; j < run; ++j) qs[j] = byte((codes[j] & 15) | (codes[j + run] << 4));
}

/// Bit j of the word: the fifth bit of code j.
void put_fifth_bits(const std::uint8_t* codes, std::uint8_t* qh) {
  std::uint32_t bits = 0;
  for (unsigned j = 0; j < 32; ++j) bits |= ((codes[j] >> 4U) & 1U) << j;
  std::memcpy(qh, &bits, sizeof bits);
}

/// The twelve bytes that `scale_min_k4` reads.
void put_scales_k4(const BlockParts& parts, std::uint8_t* scales) {
  for (std::size_t g = 0; g < 4; ++g) {
    scales[g] = byte(parts.scales[g] | ((parts.scales[g + 4] >> 4) << 6));
    scales[g + 4] = byte(parts.minima[g] | ((parts.minima[g + 4] >> 4) << 6));
    scales[g + 8] = byte((parts.scales[g + 4] & 15) | ((parts.minima[g + 4] & 15) << 4));
  }
}

/// Bits 2p, 2p + 1 of byte 32 h + l: the low two bits of code 128 h + 32 p + l.
void put_pairs(const std::uint8_t* codes, std::uint8_t* qs) {
  for (std::size_t h = 0; h < 2; ++h) {
    for (std::size_t l = 0; l < 32; ++l) {
      const std::uint8_t* at = codes + (128 * h) + l;
      qs[(32 * h) + l] =
          byte((at[0] & 3) | ((at[32] & 3) << 2) | ((at[64] & 3) << 4) | ((at[96] & 3) << 6));
    }
  }
}

}  // namespace

void pack_q4_0(const BlockParts& parts, std::byte* to) {
  BlockQ4_0 block{};
  block.d = float_to_half(parts.d);
  put_nibbles(parts.codes, 16, block.qs);
  store(to, block);
}

void pack_q4_1(const BlockParts& parts, std::byte* to) {
  BlockQ4_1 block{};
  block.d = float_to_half(parts.d);
  block.m = float_to_half(parts.minimum);
  put_nibbles(parts.codes, 16, block.qs);
  store(to, block);
}

void pack_q5_0(const BlockParts& parts, std::byte* to) {
  BlockQ5_0 block{};
  block.d = float_to_half(parts.d);
  put_nibbles(parts.codes, 16, block.qs);
  put_fifth_bits(parts.codes, block.qh);
  store(to, block);
}

void pack_q5_1(const BlockParts& parts, std::byte* to) {
  BlockQ5_1 block{};
  block.d = float_to_half(parts.d);
  block.m = float_to_half(parts.minimum);
  put_nibbles(parts.codes, 16, block.qs);
  put_fifth_bits(parts.codes, block.qh);
  store(to, block);
}

void pack_iq4_nl(const BlockParts& parts, std::byte* to) {
  BlockIQ4_NL block{};
  block.d = float_to_half(parts.d);
  put_nibbles(parts.codes, 16, block.qs);
  store(to, block);
}

void pack_q2_k(const BlockParts& parts, std::byte* to) {
  BlockQ2_K block{};
  block.d = float_to_half(parts.d);
  block.dmin = float_to_half(parts.minimum);
  for (std::size_t g = 0; g < 16; ++g)
    block.scales[g] = byte(parts.scales[g] | (parts.minima[g] << 4));
  put_pairs(parts.codes, block.qs);
  store(to, block);
}

void pack_q3_k(const BlockParts& parts, std::byte* to) {
  BlockQ3_K block{};
  block.d = float_to_half(parts.d);
  put_pairs(parts.codes, block.qs);
  for (std::size_t h = 0; h < 2; ++h) {
    for (std::size_t p = 0; p < 4; ++p) {
      const std::uint8_t* at = parts.codes + (128 * h) + (32 * p);
      const std::size_t bit = (4 * h) + p;
      for (std::size_t l = 0; l < 32; ++l) block.hmask[l] |= byte((at[l] >> 2) << bit);
    }
  }
  for (std::size_t g = 0; g < 16; ++g) {
    const int scale = parts.scales[g] + 32;
    block.scales[g % 8] |= byte((scale & 15) << (4 * (g / 8)));
    block.scales[8 + (g % 4)] |= byte((scale >> 4) << (2 * (g / 4)));
  }
  store(to, block);
}

void pack_q4_k(const BlockParts& parts, std::byte* to) {
  BlockQ4_K block{};
  block.d = float_to_half(parts.d);
  block.dmin = float_to_half(parts.minimum);
  put_scales_k4(parts, block.scales);
  for (std::size_t c = 0; c < 4; ++c) put_nibbles(parts.codes + (64 * c), 32, block.qs + (32 * c));
  store(to, block);
}

void pack_q5_k(const BlockParts& parts, std::byte* to) {
  BlockQ5_K block{};
  block.d = float_to_half(parts.d);
  block.dmin = float_to_half(parts.minimum);
  put_scales_k4(parts, block.scales);
  for (std::size_t c = 0; c < 4; ++c) put_nibbles(parts.codes + (64 * c), 32, block.qs + (32 * c));
  for (std::size_t g = 0; g < 8; ++g) {
    const std::uint8_t* at = parts.codes + (32 * g);
    for (std::size_t l = 0; l < 32; ++l) block.qh[l] |= byte((at[l] >> 4) << g);
  }
  store(to, block);
}

void pack_q6_k(const BlockParts& parts, std::byte* to) {
  BlockQ6_K block{};
  block.d = float_to_half(parts.d);
  std::memcpy(block.scales, parts.scales, sizeof block.scales);
  for (std::size_t h = 0; h < 2; ++h) {
    for (std::size_t l = 0; l < 32; ++l) {
      const std::uint8_t* at = parts.codes + (128 * h) + l;
      block.ql[(64 * h) + l] = byte((at[0] & 15) | ((at[64] & 15) << 4));
      block.ql[(64 * h) + 32 + l] = byte((at[32] & 15) | ((at[96] & 15) << 4));
      block.qh[(32 * h) + l] =
          byte((at[0] >> 4) | ((at[32] >> 4) << 2) | ((at[64] >> 4) << 4) | ((at[96] >> 4) << 6));
    }
  }
  store(to, block);
}

void pack_iq4_xs(const BlockParts& parts, std::byte* to) {
  BlockIQ4_XS block{};
  block.d = float_to_half(parts.d);
  unsigned high = 0;
  for (std::size_t g = 0; g < 8; ++g) {
    const int scale = parts.scales[g] + 32;
    block.scales_l[g / 2] |= byte((scale & 15) << (4 * (g % 2)));
    high |= static_cast<unsigned>(scale >> 4) << (2 * g);
    put_nibbles(parts.codes + (32 * g), 16, block.qs + (16 * g));
  }
  block.scales_h = static_cast<std::uint16_t>(high);
  store(to, block);
}

}  // namespace frugal::kernels
