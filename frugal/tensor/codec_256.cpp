// Blocks of 256 numbers: a scale (and a minimum) of the block times small whole scales of its
// groups. The order of float operations is the format's: scale of the group first, then the level,
// then the minimum taken away; each product is rounded.

#include "frugal/tensor/blocks.h"
#include "frugal/tensor/codec_rows.h"
#include "frugal/tensor/half.h"

namespace frugal::codec {

namespace {

// Calls body(group, first element, byte of the first element, pair of bits) for the 16 groups of 16
// that Q2_K and Q3_K share: element e of the group is those two bits of byte + e.
template <class Body>
void each_group_of_16(const Body& body) {
  for (int g = 0; g < 16; ++g) {
    const int half = g / 8;
    const int pair = (g % 8) / 2;
    body(g, g * 16, (half * 32) + ((g % 2) * 16), pair);
  }
}

}  // namespace

void decode_q2_k(const std::byte* row, std::span<float> out) {
  each_block<BlockQ2_K>(row, out, [](const BlockQ2_K& block, float* to) {
    const float d = half_to_float(block.d);
    const float dmin = half_to_float(block.dmin);
    each_group_of_16([&](int g, int first, int byte, int pair) {
      const float scale = d * static_cast<float>(block.scales[g] & 15);
      const float minimum = dmin * static_cast<float>(block.scales[g] >> 4);
      for (int e = 0; e < 16; ++e) {
        const int q = (block.qs[byte + e] >> (2 * pair)) & 3;
        to[first + e] = (scale * static_cast<float>(q)) - minimum;
      }
    });
  });
}

void decode_q3_k(const std::byte* row, std::span<float> out) {
  each_block<BlockQ3_K>(row, out, [](const BlockQ3_K& block, float* to) {
    const float d = half_to_float(block.d);
    each_group_of_16([&](int g, int first, int byte, int pair) {
      const float scale = d * static_cast<float>(scale_q3_k(block.scales, g) - 32);
      const int high_bit = (4 * (g / 8)) + pair;
      for (int e = 0; e < 16; ++e) {
        const int low = (block.qs[byte + e] >> (2 * pair)) & 3;
        const int high = (block.hmask[(byte % 32) + e] >> high_bit) & 1;
        to[first + e] = scale * static_cast<float>((low | (high << 2)) - 4);
      }
    });
  });
}

void decode_q4_k(const std::byte* row, std::span<float> out) {
  each_block<BlockQ4_K>(row, out, [](const BlockQ4_K& block, float* to) {
    const float d = half_to_float(block.d);
    const float dmin = half_to_float(block.dmin);
    for (int g = 0; g < 8; ++g) {
      const ScaleMin packed = scale_min_k4(block.scales, g);
      const float scale = d * static_cast<float>(packed.scale);
      const float minimum = dmin * static_cast<float>(packed.minimum);
      for (int l = 0; l < 32; ++l) {
        const int q = (block.qs[((g / 2) * 32) + l] >> (4 * (g % 2))) & 15;
        to[(g * 32) + l] = (scale * static_cast<float>(q)) - minimum;
      }
    }
  });
}

void decode_q5_k(const std::byte* row, std::span<float> out) {
  each_block<BlockQ5_K>(row, out, [](const BlockQ5_K& block, float* to) {
    const float d = half_to_float(block.d);
    const float dmin = half_to_float(block.dmin);
    for (int g = 0; g < 8; ++g) {
      const ScaleMin packed = scale_min_k4(block.scales, g);
      const float scale = d * static_cast<float>(packed.scale);
      const float minimum = dmin * static_cast<float>(packed.minimum);
      for (int l = 0; l < 32; ++l) {
        const int low = (block.qs[((g / 2) * 32) + l] >> (4 * (g % 2))) & 15;
        const int q = low | (((block.qh[l] >> g) & 1) << 4);
        to[(g * 32) + l] = (scale * static_cast<float>(q)) - minimum;
      }
    }
  });
}

void decode_q6_k(const std::byte* row, std::span<float> out) {
  each_block<BlockQ6_K>(row, out, [](const BlockQ6_K& block, float* to) {
    const float d = half_to_float(block.d);
    for (int run = 0; run < 8; ++run) {  // 32 elements, two groups
      const int half = run / 4;
      const int part = run % 4;
      for (int l = 0; l < 32; ++l) {
        const int low = block.ql[(half * 64) + ((part % 2) * 32) + l] >> (4 * (part / 2)) & 15;
        const int high = (block.qh[(half * 32) + l] >> (2 * part)) & 3;
        const float scale = d * static_cast<float>(block.scales[(run * 2) + (l / 16)]);
        to[(run * 32) + l] = scale * static_cast<float>((low | (high << 4)) - 32);
      }
    }
  });
}

void decode_iq4_xs(const std::byte* row, std::span<float> out) {
  each_block<BlockIQ4_XS>(row, out, [](const BlockIQ4_XS& block, float* to) {
    const float d = half_to_float(block.d);
    for (int g = 0; g < 8; ++g) {
      const float scale = d * static_cast<float>(scale_iq4_xs(block, g) - 32);
      for (int j = 0; j < 16; ++j) {
        const std::uint8_t byte = block.qs[(g * 16) + j];
        to[(g * 32) + j] = scale * static_cast<float>(kLevelsIQ4[byte & 15]);
        to[(g * 32) + j + 16] = scale * static_cast<float>(kLevelsIQ4[byte >> 4]);
      }
    }
  });
}

}  // namespace frugal::codec
