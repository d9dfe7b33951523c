// Products of weights in blocks, to be read: one block of 32 at a time becomes integers and
// factors, and matmul.h's formula is applied to them.  What is integer is exact; what is float32 is
// done in the stated order with fused multiply-adds, so that every instruction set can give, and
// gives, these very bits.

#include <cmath>
#include <cstring>

#include "frugal/kernels/block_format.h"
#include "frugal/kernels/scalar/functions.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels::scalar {

namespace {

/// 32 weights: w[j] = scale * groups[j / 16] * values[j] + minima[...].
struct Block {
  int values[32];
  float scale;
  int groups[2] = {1, 1};
  float minima[2] = {0.0F, 0.0F};  ///< of all 32, or of each group
};

void read_nibbles(const std::uint8_t* packed, int* values) {
  for (int j = 0; j < 16; ++j) {
    values[j] = packed[j] & 15;
    values[j + 16] = packed[j] >> 4;
  }
}

void add_fifth_bits(const std::uint8_t* packed, int* values) {
  for (int j = 0; j < 32; ++j) values[j] |= ((packed[j / 8] >> (j % 8)) & 1) << 4;
}

void lower(int zero, int* values) {
  for (int j = 0; j < 32; ++j) values[j] -= zero;
}

Block read_block(const BlockQ4_0& stored, int /*b*/) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  read_nibbles(stored.qs, block.values);
  lower(8, block.values);
  return block;
}

Block read_block(const BlockQ4_1& stored, int /*b*/) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  read_nibbles(stored.qs, block.values);
  block.minima[0] = half_to_float(stored.m);
  return block;
}

Block read_block(const BlockQ5_0& stored, int /*b*/) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  read_nibbles(stored.qs, block.values);
  add_fifth_bits(stored.qh, block.values);
  lower(16, block.values);
  return block;
}

// d q + m = d (q - 16) + (m + 16 d): see block_format.h.
Block read_block(const BlockQ5_1& stored, int /*b*/) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  read_nibbles(stored.qs, block.values);
  add_fifth_bits(stored.qh, block.values);
  lower(16, block.values);
  block.minima[0] = half_to_float(stored.m) + (16.0F * block.scale);
  return block;
}

Block read_block(const BlockQ8_0& stored, int /*b*/) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  for (int j = 0; j < 32; ++j) block.values[j] = stored.qs[j];
  return block;
}

Block read_block(const BlockIQ4_NL& stored, int /*b*/) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  read_nibbles(stored.qs, block.values);
  for (int& value : block.values) value = kLevelsIQ4[static_cast<std::size_t>(value)];
  return block;
}

Block read_block(const BlockIQ4_XS& stored, int b) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  block.scale *= static_cast<float>(scale_iq4_xs(stored, b) - 32);
  read_nibbles(stored.qs + (16 * b), block.values);
  for (int& value : block.values) value = kLevelsIQ4[static_cast<std::size_t>(value)];
  return block;
}

Block read_block(const BlockMXFP4& stored, int /*b*/) {
  Block block{.values = {}, .scale = std::ldexp(1.0F, stored.e - 128)};
  read_nibbles(stored.qs, block.values);
  for (int& value : block.values) value = kLevelsMXFP4[static_cast<std::size_t>(value)];
  return block;
}

Block read_block(const BlockQ2_K& stored, int b) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  for (int j = 0; j < 32; ++j) {
    block.values[j] = (stored.qs[(b / 4 * 32) + j] >> (2 * (b % 4))) & 3;
  }
  for (int g = 0; g < 2; ++g) {
    const std::uint8_t packed = stored.scales[(2 * b) + g];
    block.groups[g] = packed & 15;
    block.minima[g] = -half_to_float(stored.dmin) * static_cast<float>(packed >> 4);
  }
  return block;
}

Block read_block(const BlockQ3_K& stored, int b) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  for (int j = 0; j < 32; ++j) {
    block.values[j] = (stored.qs[(b / 4 * 32) + j] >> (2 * (b % 4))) & 3;
    block.values[j] |= ((stored.hmask[j] >> b) & 1) << 2;
  }
  lower(4, block.values);
  for (int g = 0; g < 2; ++g) block.groups[g] = scale_q3_k(stored.scales, (2 * b) + g) - 32;
  return block;
}

Block read_block(const BlockQ4_K& stored, int b) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  const ScaleMin packed = scale_min_k4(stored.scales, b);
  block.scale *= static_cast<float>(packed.scale);
  block.minima[0] = -half_to_float(stored.dmin) * static_cast<float>(packed.minimum);
  for (int j = 0; j < 32; ++j) {
    block.values[j] = (stored.qs[(b / 2 * 32) + j] >> (4 * (b % 2))) & 15;
  }
  return block;
}

// As Q4_K, with the zero point of Q5_1.
Block read_block(const BlockQ5_K& stored, int b) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  const ScaleMin packed = scale_min_k4(stored.scales, b);
  block.scale *= static_cast<float>(packed.scale);
  block.minima[0] =
      (16.0F * block.scale) - (half_to_float(stored.dmin) * static_cast<float>(packed.minimum));
  for (int j = 0; j < 32; ++j) {
    block.values[j] = (stored.qs[(b / 2 * 32) + j] >> (4 * (b % 2))) & 15;
    block.values[j] |= ((stored.qh[j] >> b) & 1) << 4;
  }
  lower(16, block.values);
  return block;
}

Block read_block(const BlockQ6_K& stored, int b) {
  Block block{.values = {}, .scale = half_to_float(stored.d)};
  const int half = b / 4;
  const int part = b % 4;
  for (int j = 0; j < 32; ++j) {
    const std::uint8_t low = stored.ql[(64 * half) + (32 * (part % 2)) + j];
    const std::uint8_t high = stored.qh[(32 * half) + j];
    block.values[j] = ((low >> (4 * (part / 2))) & 15) | (((high >> (2 * part)) & 3) << 4);
  }
  lower(32, block.values);
  for (int g = 0; g < 2; ++g) block.groups[g] = stored.scales[(2 * b) + g];
  return block;
}

float add_block(const Block& w, int minima, const std::int8_t* x, const ActivationBlock& beside,
                float sum) {
  int exact = 0;
  for (int j = 0; j < 32; ++j) exact += w.groups[j / 16] * w.values[j] * x[j];
  sum = std::fma(static_cast<float>(exact), w.scale * beside.scale, sum);
  if (minima == 1) return std::fma(w.minima[0], beside.sum, sum);
  for (int g = 0; g < minima; ++g) sum = std::fma(w.minima[g], beside.half_sums[g], sum);
  return sum;
}

template <DType kType, class Stored>
void multiply(const MatmulArgs& args) {
  const std::size_t blocks = args.cols / 32;
  constexpr std::size_t kBlocks = stored_block(kType).blocks;
  for (std::size_t r = 0; r < args.rows; ++r) {
    const std::byte* row = args.weights + (r * args.row_bytes);
    for (std::size_t n = 0; n < args.batch; ++n) {
      float sum = 0.0F;
      for (std::size_t b = 0; b < blocks; ++b) {
        Stored stored;
        std::memcpy(&stored, row + (b / kBlocks * sizeof stored), sizeof stored);
        const Block block = read_block(stored, static_cast<int>(b % kBlocks));
        sum = add_block(block, block_format(kType).minima,
                        args.quantized.values + (n * args.cols) + (32 * b),
                        args.quantized.blocks[(n * blocks) + b], sum);
      }
      args.out[(n * args.out_stride) + r] = sum;
    }
  }
}

}  // namespace

BlockProducts block_products() {
  return {.q4_0 = multiply<DType::kQ4_0, BlockQ4_0>,
          .q4_1 = multiply<DType::kQ4_1, BlockQ4_1>,
          .q5_0 = multiply<DType::kQ5_0, BlockQ5_0>,
          .q5_1 = multiply<DType::kQ5_1, BlockQ5_1>,
          .q8_0 = multiply<DType::kQ8_0, BlockQ8_0>,
          .q2_k = multiply<DType::kQ2_K, BlockQ2_K>,
          .q3_k = multiply<DType::kQ3_K, BlockQ3_K>,
          .q4_k = multiply<DType::kQ4_K, BlockQ4_K>,
          .q5_k = multiply<DType::kQ5_K, BlockQ5_K>,
          .q6_k = multiply<DType::kQ6_K, BlockQ6_K>,
          .iq4_nl = multiply<DType::kIQ4_NL, BlockIQ4_NL>,
          .iq4_xs = multiply<DType::kIQ4_XS, BlockIQ4_XS>,
          .mxfp4 = multiply<DType::kMXFP4, BlockMXFP4>};
}

}  // namespace frugal::kernels::scalar
