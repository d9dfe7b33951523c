#include <gtest/gtest.h>

#include <cstring>

#include "frugal/kernels/matmul.h"
#include "frugal/kernels/quantize.h"
#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

using testing::kBatches;
using testing::kBlockSizes;
using testing::kNan;
using testing::matmul_error;
using testing::name;
using testing::numbers;
using testing::Weights;

constexpr std::array<DType, 2> kTypes = {DType::kQ8_0, DType::kQ4_0};
constexpr std::uint16_t kHalfOne = 0x3C00;

/// Activations with their blocks, and the numbers that the blocks stand for.
struct Quantized {
  Quantized(std::size_t batch, std::size_t cols, std::uint32_t seed)
      : data(numbers(batch * cols, seed)), blocks(batch * cols / 32) {
    quantize(*runnable_kernels().front(), {data.data(), batch, cols, cols}, blocks.data());
    x = {{data.data(), batch, cols, cols}, blocks.data()};
    for (std::size_t n = 0; n < batch; ++n) {
      const auto* row = reinterpret_cast<const std::byte*>(blocks.data() + (n * cols / 32));
      meant.emplace_back(cols);
      decode_row(DType::kQ8_0, row, meant.back());
    }
  }
  std::vector<float> data;
  std::vector<BlockQ8_0> blocks;
  Activations x;
  std::vector<std::vector<float>> meant;
};

TEST(MatmulBlock, EveryIsaTypeAndWidthAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kTypes) {
      for (const std::size_t cols : kBlockSizes) {
        const Weights weights(type, 6, cols, 1);
        const Quantized activations(3, cols, 2);
        EXPECT_LE(matmul_error(*table, weights, activations.x, activations.meant), 1e-5)
            << name(*table) << ' ' << frugal::name(type) << ' ' << cols;
      }
    }
  }
}

void expect_agreement(const Kernels& table, DType type, std::size_t batch) {
  const Quantized activations(batch, 96, 4);
  for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 8U, 11U}) {
    const Weights weights(type, rows, 96, 3);
    EXPECT_LE(matmul_error(table, weights, activations.x, activations.meant), 1e-5)
        << name(table) << ' ' << frugal::name(type) << ' ' << batch << " x " << rows;
  }
}

TEST(MatmulBlock, EveryBatchAndNumberOfRowsAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kTypes) {
      for (const std::size_t batch : kBatches) expect_agreement(*table, type, batch);
    }
  }
}

/// The product of one weight row and one activation row with all scales 1: an integer.
float product(const Kernels& table, DType type, const std::byte* row,
              const std::vector<BlockQ8_0>& x) {
  const std::size_t cols = x.size() * 32;
  float out = kNan;
  matmul(table, {type, row, 1, cols, *row_bytes(type, cols)}, {{nullptr, 1, cols, cols}, x.data()},
         0, 1, {&out, 1, 1, 1});
  return out;
}

/// Three blocks that hold nothing but `value`, with scale 1.
std::vector<BlockQ8_0> uniform(int value) {
  std::vector<BlockQ8_0> blocks(3);
  for (BlockQ8_0& block : blocks) {
    block.d = kHalfOne;
    std::memset(block.qs, value, sizeof block.qs);
  }
  return blocks;
}

TEST(MatmulBlock, Q8IsExactForEveryByteMinus128Included) {
  for (const Kernels* table : runnable_kernels()) {
    for (const int w : {-128, -127, -1, 0, 1, 127}) {
      for (const int x : {-128, -127, -1, 0, 1, 127}) {
        const std::vector<BlockQ8_0> weights = uniform(w);
        const auto* row = reinterpret_cast<const std::byte*>(weights.data());
        EXPECT_EQ(product(*table, DType::kQ8_0, row, uniform(x)), static_cast<float>(96 * w * x))
            << name(*table) << ' ' << w << ' ' << x;
      }
    }
  }
}

TEST(MatmulBlock, Q4IsExactForEveryNibbleAndByte) {
  for (const Kernels* table : runnable_kernels()) {
    for (int nibble = 0; nibble < 16; ++nibble) {
      for (const int x : {-128, -127, 1, 127}) {
        BlockQ4_0 weights{};
        weights.d = kHalfOne;
        std::memset(weights.qs, nibble | (nibble << 4), 16);
        std::vector<BlockQ8_0> values(1);
        values[0].d = kHalfOne;
        std::memset(values[0].qs, x, 32);
        const auto* row = reinterpret_cast<const std::byte*>(&weights);
        EXPECT_EQ(product(*table, DType::kQ4_0, row, values),
                  static_cast<float>(32 * (nibble - 8) * x))
            << name(*table) << ' ' << nibble << ' ' << x;
      }
    }
  }
}

TEST(MatmulBlock, EveryPlaceInABlockMeetsItsPartner) {
  for (const Kernels* table : runnable_kernels()) {
    for (std::size_t place = 0; place < 32; ++place) {
      std::vector<BlockQ8_0> x(1);
      x[0].d = kHalfOne;
      std::memset(x[0].qs, 0, 32);
      x[0].qs[place] = 1;
      BlockQ8_0 w8{};
      w8.d = kHalfOne;
      BlockQ4_0 w4{};
      w4.d = kHalfOne;
      for (std::size_t j = 0; j < 32; ++j) w8.qs[j] = static_cast<std::int8_t>(3 * j);
      for (std::size_t j = 0; j < 16; ++j) {
        w4.qs[j] = static_cast<std::uint8_t>(j | ((15 - j) << 4U));
      }
      const auto* row8 = reinterpret_cast<const std::byte*>(&w8);
      const auto* row4 = reinterpret_cast<const std::byte*>(&w4);
      const auto nibble = static_cast<float>(place < 16 ? place : 31 - place);
      EXPECT_EQ(product(*table, DType::kQ8_0, row8, x), 3.0F * static_cast<float>(place));
      EXPECT_EQ(product(*table, DType::kQ4_0, row4, x), nibble - 8.0F) << name(*table);
    }
  }
}

TEST(MatmulBlock, EveryIsaAgreesWithScalarOnRandomBytes) {
  // Bytes of a file nobody checked: any quants, scales from 2^-14 to 2^-13.
  constexpr std::size_t kBlocks = 9;
  const auto noise = numbers(kBlocks * 64, 13);
  std::vector<BlockQ8_0> w(kBlocks);
  std::vector<BlockQ8_0> x(kBlocks);
  for (std::size_t b = 0; b < kBlocks; ++b) {
    w[b].d = static_cast<std::uint16_t>(0x0400 + (b * 111));
    x[b].d = static_cast<std::uint16_t>(0x0400 + (b * 77));
    for (std::size_t j = 0; j < 32; ++j) {
      w[b].qs[j] = static_cast<std::int8_t>(noise[(b * 64) + j] * 128.0F);
      x[b].qs[j] = static_cast<std::int8_t>(noise[(b * 64) + 32 + j] * 128.0F);
    }
  }
  const auto* row = reinterpret_cast<const std::byte*>(w.data());
  const float want = product(*runnable_kernels().front(), DType::kQ8_0, row, x);
  ASSERT_NE(want, 0.0F);
  for (const Kernels* table : runnable_kernels()) {
    const float got = product(*table, DType::kQ8_0, row, x);
    EXPECT_NEAR(got, want, 1e-5F * std::abs(want)) << name(*table);
  }
}

TEST(MatmulBlock, ABatchGivesTheSameBitsAsItsRowsOneByOne) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kTypes) {
      const Weights weights(type, 7, 128, 14);
      const Quantized activations(5, 128, 15);
      std::vector<float> together(35);
      std::vector<float> alone(35);
      matmul(*table, weights.matrix(), activations.x, 0, 7, {together.data(), 5, 7, 7});
      for (std::size_t n = 0; n < 5; ++n) {
        const Activations one{{activations.x.x.row(n), 1, 128, 128},
                              activations.x.blocks + (n * 4)};
        matmul(*table, weights.matrix(), one, 0, 7, {alone.data() + (n * 7), 1, 7, 7});
      }
      EXPECT_EQ(together, alone) << name(*table) << ' ' << frugal::name(type);
    }
  }
}

TEST(MatmulBlock, ANanActivationReachesItsOwnRowOnly) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kTypes) {
      const Weights weights(type, 5, 64, 7);
      auto data = numbers(192, 8);
      data[64 + 40] = kNan;
      std::vector<BlockQ8_0> blocks(6);
      quantize(*table, {data.data(), 3, 64, 64}, blocks.data());
      std::vector<float> out(15);
      matmul(*table, weights.matrix(), {{data.data(), 3, 64, 64}, blocks.data()}, 0, 5,
             {out.data(), 3, 5, 5});
      for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(std::isnan(out[i]), i / 5 == 1);
    }
  }
}

TEST(MatmulBlock, AForeignNanScaleIsSeen) {
  Weights weights(DType::kQ4_0, 5, 64, 9);
  const std::uint16_t nan = 0x7E00;
  std::memcpy(weights.row(2) + sizeof(BlockQ4_0), &nan, sizeof nan);
  const Quantized activations(2, 64, 10);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> out(10);
    matmul(*table, weights.matrix(), activations.x, 0, 5, {out.data(), 2, 5, 5});
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(std::isnan(out[i]), i % 5 == 2) << name(*table);
  }
}

TEST(MatmulBlock, RangesSideBySideGiveTheWhole) {
  const Weights weights(DType::kQ8_0, 11, 64, 11);
  const Quantized activations(2, 64, 12);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> whole(22);
    std::vector<float> parts(22);
    matmul(*table, weights.matrix(), activations.x, 0, 11, {whole.data(), 2, 11, 11});
    for (const auto& [begin, end] : {std::pair{0, 3}, std::pair{3, 10}, std::pair{10, 11}}) {
      matmul(*table, weights.matrix(), activations.x, static_cast<std::size_t>(begin),
             static_cast<std::size_t>(end), {parts.data(), 2, 11, 11});
    }
    EXPECT_EQ(parts, whole) << name(*table);
  }
}

}  // namespace
}  // namespace frugal::kernels
