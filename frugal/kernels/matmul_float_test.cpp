#include <gtest/gtest.h>

#include <cstring>

#include "frugal/kernels/matmul.h"
#include "frugal/kernels/test_data.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels {
namespace {

using testing::kBatches;
using testing::kNan;
using testing::kSizes;
using testing::matmul_error;
using testing::name;
using testing::numbers;
using testing::Weights;

constexpr std::array<DType, 3> kTypes = {DType::kF32, DType::kF16, DType::kBF16};

/// Rows of a strided matrix.
std::vector<std::vector<float>> rows_of(MatrixView<const float> x) {
  std::vector<std::vector<float>> rows;
  for (std::size_t n = 0; n < x.rows; ++n) rows.emplace_back(x.row(n), x.row(n) + x.cols);
  return rows;
}

TEST(MatmulFloat, EveryIsaTypeAndWidthAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kTypes) {
      for (const std::size_t cols : kSizes) {
        const Weights weights(type, 6, cols, 1);
        const auto data = numbers(3 * (cols + 5), 2);
        const MatrixView<const float> x{data.data(), 3, cols, cols + 5};
        EXPECT_LE(matmul_error(*table, weights, {x}, rows_of(x)), 1e-5)
            << name(*table) << ' ' << frugal::name(type) << ' ' << cols;
      }
    }
  }
}

void expect_agreement(const Kernels& table, DType type, std::size_t batch) {
  const auto data = numbers(batch * 37, 4);
  const MatrixView<const float> x{data.data(), batch, 37, 37};
  for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 8U, 11U}) {
    const Weights weights(type, rows, 37, 3);
    EXPECT_LE(matmul_error(table, weights, {x}, rows_of(x)), 1e-5)
        << name(table) << ' ' << frugal::name(type) << ' ' << batch << " x " << rows;
  }
}

TEST(MatmulFloat, EveryBatchAndNumberOfRowsAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kTypes) {
      for (const std::size_t batch : kBatches) expect_agreement(*table, type, batch);
    }
  }
}

TEST(MatmulFloat, ActivationsMayBeginAtAnyFloat) {
  const Weights weights(DType::kF32, 5, 40, 12);
  const auto data = numbers(130, 13);
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t offset : {0U, 1U}) {
      const MatrixView<const float> x{data.data() + offset, 3, 40, 43};
      EXPECT_LE(matmul_error(*table, weights, {x}, rows_of(x)), 1e-5) << name(*table);
    }
  }
}

TEST(MatmulFloat, ALongRowStaysAccurate) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kTypes) {
      const Weights weights(type, 4, 11008, 14);
      const auto data = numbers(11008, 15);
      const MatrixView<const float> x{data.data(), 1, 11008, 11008};
      EXPECT_LE(matmul_error(*table, weights, {x}, rows_of(x)), 1e-5)
          << name(*table) << ' ' << frugal::name(type);
    }
  }
}

TEST(MatmulFloat, TheIdentityCopies) {
  constexpr std::size_t kSize = 19;
  std::vector<float> identity(kSize * kSize, 0.0F);
  for (std::size_t i = 0; i < kSize; ++i) identity[(i * kSize) + i] = 1.0F;
  const StoredMatrix w{DType::kF32, reinterpret_cast<const std::byte*>(identity.data()), kSize,
                       kSize, kSize * sizeof(float)};
  const auto data = numbers(4 * kSize, 16);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> out(4 * kSize);
    matmul(*table, w, {{data.data(), 4, kSize, kSize}}, 0, kSize, {out.data(), 4, kSize, kSize});
    EXPECT_EQ(out, data) << name(*table);
  }
}

TEST(MatmulFloat, ARangeOfRowsWritesThoseAndNoOther) {
  const Weights weights(DType::kF16, 9, 20, 5);
  const auto data = numbers(40, 6);
  const Activations x{{data.data(), 2, 20, 20}};
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> whole(18);
    std::vector<float> part(18, kNan);
    matmul(*table, weights.matrix(), x, 0, 9, {whole.data(), 2, 9, 9});
    matmul(*table, weights.matrix(), x, 2, 7, {part.data(), 2, 9, 9});
    for (std::size_t n = 0; n < 2; ++n) {
      for (std::size_t r = 0; r < 9; ++r) {
        const float got = part[(n * 9) + r];
        if (r < 2 || r >= 7) {
          EXPECT_TRUE(std::isnan(got)) << name(*table) << ' ' << r;
        } else {
          EXPECT_EQ(got, whole[(n * 9) + r]) << name(*table) << ' ' << r;
        }
      }
    }
    matmul(*table, weights.matrix(), x, 4, 4, {part.data(), 2, 9, 9});  // nothing to do
  }
}

TEST(MatmulFloat, ANanActivationReachesItsOwnRowOnly) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kTypes) {
      for (const std::size_t at : {0U, 13U, 18U}) {
        const Weights weights(type, 5, 19, 7);
        auto data = numbers(76, 8);
        data[38 + at] = kNan;
        std::vector<float> out(20);
        matmul(*table, weights.matrix(), {{data.data(), 4, 19, 19}}, 0, 5, {out.data(), 4, 5, 5});
        for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(std::isnan(out[i]), i / 5 == 2);
      }
    }
  }
}

TEST(MatmulFloat, ANanWeightReachesItsOwnColumnOnly) {
  Weights weights(DType::kBF16, 5, 19, 9);
  const std::uint16_t nan = float_to_bfloat(kNan);
  std::memcpy(weights.row(3) + 36, &nan, sizeof nan);
  const auto data = numbers(38, 10);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> out(10);
    matmul(*table, weights.matrix(), {{data.data(), 2, 19, 19}}, 0, 5, {out.data(), 2, 5, 5});
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(std::isnan(out[i]), i % 5 == 3) << name(*table);
  }
}

TEST(MatmulFloat, DenormalHalvesCount) {
  Weights weights(DType::kF16, 1, 32, 11);
  const std::uint16_t smallest = 1;  // 2^-24
  for (std::size_t c = 0; c < 32; ++c) std::memcpy(weights.row(0) + (2 * c), &smallest, 2);
  const std::vector<float> x(32, 1.0F);
  for (const Kernels* table : runnable_kernels()) {
    float out = 0.0F;
    matmul(*table, weights.matrix(), {{x.data(), 1, 32, 32}}, 0, 1, {&out, 1, 1, 1});
    EXPECT_EQ(out, 0x1p-19F) << name(*table);
  }
}

}  // namespace
}  // namespace frugal::kernels
