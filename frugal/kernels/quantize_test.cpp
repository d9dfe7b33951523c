#include "frugal/kernels/quantize.h"

#include <gtest/gtest.h>

#include <cstring>

#include "frugal/kernels/test_data.h"
#include "frugal/tensor/blocks.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels {
namespace {

using testing::kBlockSizes;
using testing::kInfinity;
using testing::kNan;
using testing::kSizes;
using testing::name;
using testing::numbers;
using testing::row_view;

/// One row, rounded.
QuantizedRows run(const Kernels& table, const std::vector<float>& x) {
  QuantizedRows rows;
  rows.resize(1, x.size());
  quantize(table, row_view(x.data(), x.size()), rows);
  return rows;
}

/// Index of the first value where the table and the format's encoder differ, or -1.
std::ptrdiff_t first_difference(const Kernels& table, const std::vector<float>& x) {
  QuantizedRows rows = run(table, x);
  std::vector<BlockQ8_0> want(x.size() / 32);
  encode_row(DType::kQ8_0, x, reinterpret_cast<std::byte*>(want.data()));
  for (std::size_t c = 0; c < x.size(); ++c) {
    if (rows.values(0)[c] != want[c / 32].qs[c % 32]) return static_cast<std::ptrdiff_t>(c);
    if (float_to_half(rows.blocks(0)[c / 32].scale) != want[c / 32].d) {
      return static_cast<std::ptrdiff_t>(c);
    }
  }
  return -1;
}

TEST(Quantize, RoundsLikeTheEncoderOverManyMagnitudes) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kBlockSizes) {
      for (int exponent = -149; exponent <= 125; exponent += 2) {
        auto x = numbers(cols, static_cast<std::uint32_t>(exponent + 200));
        for (float& v : x) v = std::ldexp(v, exponent);
        ASSERT_EQ(first_difference(*table, x), -1) << name(*table) << " 2^" << exponent;
      }
    }
  }
}

TEST(Quantize, RoundsHalvesAwayFromZeroAndNothingElse) {
  // 127 makes d exactly 1, so that x itself is what is rounded.
  std::vector<float> x;
  for (int k = -126; k <= 126; ++k) {
    const float half = static_cast<float>(k) + 0.5F;
    for (const float v : {half, std::nextafter(half, -200.0F), std::nextafter(half, 200.0F)}) {
      if (x.size() % 32 == 0) x.push_back(127.0F);
      x.push_back(v);
    }
  }
  while (x.size() % 32 != 0) x.push_back(-0.0F);
  for (const Kernels* table : runnable_kernels()) {
    EXPECT_EQ(first_difference(*table, x), -1) << name(*table);
    QuantizedRows rows = run(*table, x);
    for (std::size_t c = 0; c < x.size(); ++c) {
      ASSERT_EQ(rows.values(0)[c], static_cast<int>(std::round(x[c]))) << x[c];
    }
  }
}

TEST(Quantize, TheLargestBecomes127InEitherSignAtAnyPlace) {
  for (const Kernels* table : runnable_kernels()) {
    for (std::size_t at = 0; at < 32; ++at) {
      auto x = numbers(32, 9);
      x[at] = at % 2 == 0 ? 3.7F : -3.7F;
      QuantizedRows rows = run(*table, x);
      EXPECT_EQ(rows.values(0)[at], at % 2 == 0 ? 127 : -127) << name(*table) << ' ' << at;
      EXPECT_EQ(rows.blocks(0)[0].scale, 3.7F / 127.0F);
    }
  }
}

TEST(Quantize, ZerosAndNumbersTooSmallForAScaleBecomeZero) {
  for (const Kernels* table : runnable_kernels()) {
    for (const float tiny : {0.0F, -0.0F, 1e-45F, 1e-40F, 3e-37F}) {
      std::vector<float> x(32, 0.0F);
      x[5] = tiny;
      QuantizedRows rows = run(*table, x);
      const ActivationBlock zeros{};
      EXPECT_EQ(std::memcmp(rows.blocks(0), &zeros, sizeof zeros), 0) << name(*table) << tiny;
      for (std::size_t j = 0; j < 32; ++j) EXPECT_EQ(rows.values(0)[j], 0);
    }
  }
}

TEST(Quantize, ANumberThatIsNotFiniteMakesItsBlockNanAndNoOther) {
  for (const Kernels* table : runnable_kernels()) {
    for (const float poison : {kNan, -kNan, kInfinity, -kInfinity}) {
      for (const std::size_t at : {32U, 41U, 63U}) {
        auto x = numbers(96, 4);
        x[at] = poison;
        QuantizedRows rows = run(*table, x);
        const ActivationBlock& poisoned = rows.blocks(0)[1];
        for (const float f :
             {poisoned.scale, poisoned.sum, poisoned.half_sums[0], poisoned.half_sums[1]}) {
          EXPECT_TRUE(std::isnan(f)) << name(*table);
        }
        EXPECT_EQ(poisoned.total, 0);
        for (std::size_t j = 32; j < 64; ++j) EXPECT_EQ(rows.values(0)[j], 0);
        EXPECT_LT(rows.blocks(0)[0].scale, 0.01F);
        EXPECT_LT(rows.blocks(0)[2].scale, 0.01F);
      }
    }
  }
}

TEST(Quantize, NanWinsOverLaterNumbersAndInfinityOverLaterNan) {
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> x(32, 1.0F);
    x[0] = kNan;
    x[31] = 1e30F;
    EXPECT_TRUE(std::isnan(run(*table, x).blocks(0)->scale)) << name(*table);
    x[0] = kInfinity;
    x[31] = kNan;
    EXPECT_TRUE(std::isnan(run(*table, x).blocks(0)->scale)) << name(*table);
  }
}

TEST(Quantize, TheSumsAreThoseOfTheValues) {
  for (const Kernels* table : runnable_kernels()) {
    const auto x = numbers(320, 12);
    QuantizedRows rows = run(*table, x);
    for (std::size_t b = 0; b < 10; ++b) {
      const ActivationBlock& block = rows.blocks(0)[b];
      int sums[2][2] = {};  // [half][pair]
      for (std::size_t j = 0; j < 32; ++j) sums[j / 16][j % 4 / 2] += rows.values(0)[(32 * b) + j];
      for (std::size_t half = 0; half < 2; ++half) {
        EXPECT_EQ(block.half_pairs[half][0], sums[half][0]) << name(*table);
        EXPECT_EQ(block.half_pairs[half][1], sums[half][1]);
        const auto sum = static_cast<float>(sums[half][0] + sums[half][1]);
        EXPECT_EQ(block.half_sums[half], block.scale * sum);
      }
      for (std::size_t pair = 0; pair < 2; ++pair) {
        EXPECT_EQ(block.pairs[pair], sums[0][pair] + sums[1][pair]);
      }
      EXPECT_EQ(block.total, block.pairs[0] + block.pairs[1]);
      EXPECT_EQ(block.sum, block.scale * static_cast<float>(block.total));
    }
  }
}

TEST(Quantize, EveryIsaGivesTheBytesOfScalar) {
  auto x = numbers(3200, 13);
  for (std::size_t c = 0; c < x.size(); ++c) x[c] = std::ldexp(x[c], static_cast<int>(c / 32) - 50);
  QuantizedRows want = run(*runnable_kernels().front(), x);
  for (const Kernels* table : runnable_kernels()) {
    QuantizedRows rows = run(*table, x);
    EXPECT_EQ(std::memcmp(rows.values(0), want.values(0), x.size()), 0) << name(*table);
    EXPECT_EQ(std::memcmp(rows.blocks(0), want.blocks(0), x.size()), 0) << name(*table);
  }
}

TEST(Quantize, ReadsStridedRowsAndWritesWhereItIsTold) {
  const auto data = numbers(210, 5);
  for (const Kernels* table : runnable_kernels()) {
    QuantizedRows rows;
    rows.resize(4, 64);
    quantize(*table, {data.data(), 3, 64, 70}, rows, 1);
    for (std::size_t r = 0; r < 3; ++r) {
      const auto from = data.begin() + static_cast<std::ptrdiff_t>(r * 70);
      QuantizedRows want = run(*table, {from, from + 64});
      EXPECT_EQ(std::memcmp(want.values(0), rows.values(r + 1), 64), 0);
      EXPECT_EQ(std::memcmp(want.blocks(0), rows.blocks(r + 1), 2 * sizeof(ActivationBlock)), 0);
    }
  }
}

TEST(QuantizedRows, GrowAndNeverShrink) {
  QuantizedRows rows;
  rows.resize(4, 64);
  const std::int8_t* first = rows.values(0);
  rows.resize(2, 32);
  EXPECT_EQ(rows.values(0), first);
  EXPECT_EQ(rows.values(1) - rows.values(0), 32);
  EXPECT_EQ(rows.blocks(1) - rows.blocks(0), 1);
  EXPECT_EQ(rows.rows(), 2U);
  EXPECT_EQ(rows.cols(), 32U);
}

TEST(StoreF16, RoundsLikeTheFormatInEveryIsaAndSize) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kSizes) {
      auto x = numbers(cols, 6);
      // From binary16's denormals to beyond its largest number.
      for (std::size_t c = 0; c < cols; ++c) x[c] = std::ldexp(x[c], static_cast<int>(c % 47) - 28);
      std::vector<std::uint16_t> out(cols + 1, 0x1234);
      store_f16(*table, row_view<const float>(x.data(), cols), row_view(out.data(), cols));
      for (std::size_t c = 0; c < cols; ++c) {
        ASSERT_EQ(out[c], float_to_half(x[c])) << name(*table) << ' ' << x[c];
      }
      EXPECT_EQ(out[cols], 0x1234) << "wrote beyond the row";
    }
  }
}

TEST(StoreF16, KeepsInfinityNanAndTheSignOfZero) {
  const std::vector<float> x = {kInfinity, -kInfinity, kNan,   -0.0F,
                                65519.0F,  65520.0F,   1e-30F, 1.0F};
  for (const Kernels* table : runnable_kernels()) {
    std::vector<std::uint16_t> out(x.size());
    store_f16(*table, row_view(x.data(), x.size()), row_view(out.data(), out.size()));
    EXPECT_TRUE(std::isnan(half_to_float(out[2]))) << name(*table);
    out[2] = 0;
    EXPECT_EQ(out,
              (std::vector<std::uint16_t>{0x7C00, 0xFC00, 0, 0x8000, 0x7BFF, 0x7C00, 0, 0x3C00}))
        << name(*table);
  }
}

TEST(Quantize, CostsAreCountedByHandAndLinearInRows) {
  const Cost cost = quantize_cost(2, 64);
  EXPECT_EQ(cost.op(Op::kFloat), (3U * 128) + (3U * 4));
  EXPECT_EQ(cost.op(Op::kInt8), 128U);
  EXPECT_EQ(cost.op(Op::kSpecial), 8U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 512U + 128U + (4U * 32));
  EXPECT_EQ(2 * quantize_cost(3, 96), quantize_cost(6, 96));
  const Cost store = store_f16_cost(2, 10);
  EXPECT_EQ(store.op(Op::kFloat), 20U);
  EXPECT_EQ(store.traffic(Traffic::kDram), 40U);
  EXPECT_EQ(store.traffic(Traffic::kCache), 80U);
}

TEST(QuantizeDeathTest, RowsThatDoNotFitAreBugs) {
  std::vector<float> x(64);
  QuantizedRows rows;
  EXPECT_DEATH(rows.resize(1, 33), "cols % kActivationBlock == 0");
  rows.resize(2, 32);
  const Kernels& table = *runnable_kernels().front();
  EXPECT_DEATH(quantize(table, row_view<const float>(x.data(), 64), rows), "x.cols == out.cols");
  EXPECT_DEATH(quantize(table, row_view<const float>(x.data(), 32), rows, 2), "x.rows <= out.rows");
}

}  // namespace
}  // namespace frugal::kernels
