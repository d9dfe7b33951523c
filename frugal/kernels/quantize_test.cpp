#include "frugal/kernels/quantize.h"

#include <gtest/gtest.h>

#include <cstring>

#include "frugal/kernels/test_data.h"
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

std::vector<BlockQ8_0> run(const Kernels& table, const std::vector<float>& x) {
  std::vector<BlockQ8_0> blocks(x.size() / 32);
  quantize(table, row_view(x.data(), x.size()), blocks.data());
  return blocks;
}

/// Index of the first byte where the table and the format's encoder differ, or -1.
std::ptrdiff_t first_difference(const Kernels& table, const std::vector<float>& x) {
  const auto blocks = run(table, x);
  std::vector<std::byte> want(blocks.size() * sizeof(BlockQ8_0));
  encode_row(DType::kQ8_0, x, want.data());
  const auto* got = reinterpret_cast<const std::byte*>(blocks.data());
  const auto at = std::mismatch(want.begin(), want.end(), got).first;
  return at == want.end() ? -1 : at - want.begin();
}

TEST(Quantize, IsByteIdenticalToTheEncoderOverManyMagnitudes) {
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
    const auto blocks = run(*table, x);
    for (std::size_t c = 0; c < x.size(); ++c) {
      ASSERT_EQ(blocks[c / 32].qs[c % 32], static_cast<int>(std::round(x[c]))) << x[c];
    }
  }
}

TEST(Quantize, TheLargestBecomes127InEitherSignAtAnyPlace) {
  for (const Kernels* table : runnable_kernels()) {
    for (std::size_t at = 0; at < 32; ++at) {
      auto x = numbers(32, 9);
      x[at] = at % 2 == 0 ? 3.7F : -3.7F;
      const auto blocks = run(*table, x);
      EXPECT_EQ(blocks[0].qs[at], at % 2 == 0 ? 127 : -127) << name(*table) << ' ' << at;
      EXPECT_EQ(blocks[0].d, float_to_half(3.7F / 127.0F));
    }
  }
}

TEST(Quantize, ZerosAndNumbersTooSmallForAScaleBecomeZero) {
  for (const Kernels* table : runnable_kernels()) {
    for (const float tiny : {0.0F, -0.0F, 1e-45F, 1e-40F, 3e-37F}) {
      std::vector<float> x(32, 0.0F);
      x[5] = tiny;
      const auto blocks = run(*table, x);
      EXPECT_EQ(blocks[0].d, 0) << name(*table) << ' ' << tiny;
      for (const std::int8_t q : blocks[0].qs) EXPECT_EQ(q, 0);
    }
  }
}

TEST(Quantize, ANumberThatIsNotFiniteMakesItsBlockNanAndNoOther) {
  for (const Kernels* table : runnable_kernels()) {
    for (const float poison : {kNan, -kNan, kInfinity, -kInfinity}) {
      for (const std::size_t at : {32U, 41U, 63U}) {
        auto x = numbers(96, 4);
        x[at] = poison;
        const auto blocks = run(*table, x);
        EXPECT_EQ(blocks[1].d, 0x7E00) << name(*table);
        for (const std::int8_t q : blocks[1].qs) EXPECT_EQ(q, 0);
        EXPECT_LT(half_to_float(blocks[0].d), 0.01F);
        EXPECT_LT(half_to_float(blocks[2].d), 0.01F);
      }
    }
  }
}

TEST(Quantize, NanWinsOverLaterNumbersAndInfinityOverLaterNan) {
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> x(32, 1.0F);
    x[0] = kNan;
    x[31] = 1e30F;
    EXPECT_EQ(run(*table, x)[0].d, 0x7E00) << name(*table);
    x[0] = kInfinity;
    x[31] = kNan;
    EXPECT_EQ(run(*table, x)[0].d, 0x7E00) << name(*table);
  }
}

TEST(Quantize, ReadsStridedRows) {
  const auto data = numbers(210, 5);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<BlockQ8_0> blocks(6);
    quantize(*table, {data.data(), 3, 64, 70}, blocks.data());
    for (std::size_t r = 0; r < 3; ++r) {
      const auto from = data.begin() + static_cast<std::ptrdiff_t>(r * 70);
      const auto want = run(*table, {from, from + 64});
      EXPECT_EQ(std::memcmp(want.data(), &blocks[r * 2], 2 * sizeof(BlockQ8_0)), 0);
    }
  }
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
  EXPECT_EQ(cost.op(Op::kFloat), 384U);
  EXPECT_EQ(cost.op(Op::kSpecial), 8U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 512U + (4U * 34));
  EXPECT_EQ(2 * quantize_cost(3, 96), quantize_cost(6, 96));
  const Cost store = store_f16_cost(2, 10);
  EXPECT_EQ(store.op(Op::kFloat), 20U);
  EXPECT_EQ(store.traffic(Traffic::kDram), 40U);
  EXPECT_EQ(store.traffic(Traffic::kCache), 80U);
}

TEST(QuantizeDeathTest, ARowOfBrokenBlocksIsABug) {
  std::vector<float> x(33);
  BlockQ8_0 blocks[2];
  EXPECT_DEATH(quantize(*runnable_kernels().front(), row_view<const float>(x.data(), 33), blocks),
               "x.cols % BlockQ8_0::kElements == 0");
}

}  // namespace
}  // namespace frugal::kernels
