#include <gtest/gtest.h>

#include <cstring>

#include "frugal/kernels/matmul.h"
#include "frugal/kernels/quantize.h"
#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

using testing::kBatches;
using testing::kBlockTypes;
using testing::kNan;
using testing::matmul_error;
using testing::name;
using testing::numbers;
using testing::products;
using testing::RoundedActivations;
using testing::scale_offsets;
using testing::Weights;

const Kernels& scalar_table() {
  return *runnable_kernels().front();
}

/// Numbers of columns to try a type with: a few stored blocks, and more than one panel holds.
std::vector<std::size_t> widths(DType type) {
  const std::size_t block = traits(type).block_elements;
  return {block, 2 * block, 3 * block, 5 * block, 2304};
}

void expect_same_bits(std::span<const float> got, std::span<const float> want,
                      const std::string& where) {
  ASSERT_EQ(got.size(), want.size());
  EXPECT_EQ(std::memcmp(got.data(), want.data(), got.size_bytes()), 0) << where;
}

TEST(MatmulBlock, ScalarAgreesWithTheFormulaForEveryTypeAndWidth) {
  for (const DType type : kBlockTypes) {
    for (const std::size_t cols : widths(type)) {
      const Weights weights(type, 6, cols, 1);
      const RoundedActivations activations(3, cols, 2);
      EXPECT_LE(matmul_error(scalar_table(), weights, activations.x, activations.meant), 1e-5)
          << frugal::name(type) << ' ' << cols;
    }
  }
}

TEST(MatmulBlock, EveryIsaGivesTheBitsOfScalarForEveryTypeAndWidth) {
  for (const DType type : kBlockTypes) {
    for (const std::size_t cols : widths(type)) {
      const Weights weights(type, 18, cols, 3);
      for (const std::size_t batch : {1U, 11U}) {
        const RoundedActivations activations(batch, cols, 4);
        const auto want = products(scalar_table(), weights.matrix(), activations.x);
        for (const Kernels* table : runnable_kernels()) {
          expect_same_bits(products(*table, weights.matrix(), activations.x), want,
                           name(*table) + ' ' + std::string(frugal::name(type)));
        }
      }
    }
  }
}

TEST(MatmulBlock, EveryBatchAndNumberOfRowsGivesTheBitsOfScalar) {
  for (const DType type : kBlockTypes) {
    for (const std::size_t batch : kBatches) {
      const RoundedActivations activations(batch, 256, 6);
      for (const std::size_t rows : {1U, 2U, 7U, 8U, 9U, 16U, 17U, 32U, 35U}) {
        const Weights weights(type, rows, 256, 5);
        const auto want = products(scalar_table(), weights.matrix(), activations.x);
        for (const Kernels* table : runnable_kernels()) {
          expect_same_bits(products(*table, weights.matrix(), activations.x), want,
                           name(*table) + ' ' + std::string(frugal::name(type)));
        }
      }
    }
  }
}

TEST(MatmulBlock, ABatchGivesTheSameBitsAsItsRowsOneByOne) {
  for (const Kernels* table : runnable_kernels()) {
    if (table->isa == Isa::kScalar) continue;  // its batches are its rows one by one
    for (const DType type : kBlockTypes) {
      const Weights weights(type, 19, 768, 14);
      for (const std::size_t batch : {1U, 2U, 3U, 5U, 8U, 17U, 64U}) {
        const RoundedActivations activations(batch, 768, 15);
        const auto together = products(*table, weights.matrix(), activations.x);
        for (std::size_t n = 0; n < batch; ++n) {
          const auto alone = products(*table, weights.matrix(), activations.only(n));
          expect_same_bits(std::span(together).subspan(n * 19, 19), alone,
                           name(*table) + ' ' + std::string(frugal::name(type)));
        }
      }
    }
  }
}

TEST(MatmulBlock, RangesSideBySideGiveTheWhole) {
  constexpr std::size_t kRows = 37;
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kBlockTypes) {
      const Weights weights(type, kRows, 512, 11);
      for (const std::size_t batch : {1U, 3U, 9U}) {
        const RoundedActivations activations(batch, 512, 12);
        const auto whole = products(*table, weights.matrix(), activations.x);
        std::vector<float> parts(batch * kRows, kNan);
        for (const auto& [begin, end] : {std::pair{0U, 3U}, std::pair{3U, 20U}, std::pair{20U, 36U},
                                         std::pair{36U, 37U}, std::pair{5U, 5U}}) {
          matmul(*table, weights.matrix(), activations.x, begin, end,
                 {parts.data(), batch, kRows, kRows});
        }
        expect_same_bits(parts, whole, name(*table) + ' ' + std::string(frugal::name(type)));
      }
    }
  }
}

/// One stored row of nothing but `byte`, with scales 1.
std::vector<std::byte> uniform_row(DType type, unsigned byte, std::size_t cols) {
  std::vector<std::byte> row(*row_bytes(type, cols), static_cast<std::byte>(byte));
  for (std::size_t at = 0; at < row.size(); at += traits(type).block_bytes) {
    if (type == DType::kMXFP4) row[at] = std::byte{128};
    for (const std::size_t offset : scale_offsets(type)) {
      row[at + offset] = std::byte{0x00};
      row[at + offset + 1] = std::byte{0x3C};
    }
  }
  return row;
}

/// Activations q = sign * 127 with scale 1, all of one sign, in turn, or in the pairs and fours
/// that vectors add up first.
std::vector<float> extremes(std::size_t pattern, std::size_t cols) {
  std::vector<float> x(cols);
  for (std::size_t c = 0; c < cols; ++c) {
    const bool negative = pattern < 2 ? pattern == 1 : ((c >> (pattern - 2U)) & 1U) != 0;
    x[c] = negative ? -127.0F : 127.0F;
  }
  return x;
}

TEST(MatmulBlock, NothingSaturatesAtTheEndsOfEveryRange) {
  constexpr std::size_t kCols = 256;
  constexpr std::size_t kPatterns = 7;
  std::vector<float> x;
  for (std::size_t pattern = 0; pattern < kPatterns; ++pattern) {
    const auto row = extremes(pattern, kCols);
    x.insert(x.end(), row.begin(), row.end());
  }
  const RoundedActivations activations(kPatterns, kCols, x);
  for (const DType type : kBlockTypes) {
    for (const unsigned byte : {0x00U, 0xFFU, 0x80U, 0x7FU, 0x81U, 0x0FU, 0xF0U, 0x55U, 0xAAU}) {
      const auto row = uniform_row(type, byte, kCols);
      const StoredMatrix w{type, row.data(), 1, kCols, row.size()};
      std::vector<float> decoded(kCols);
      decode_row(type, row.data(), decoded);
      for (const Kernels* table : runnable_kernels()) {
        const auto together = products(*table, w, activations.x);
        for (std::size_t n = 0; n < kPatterns; ++n) {
          double want = 0.0;
          double size = 0.0;
          for (std::size_t c = 0; c < kCols; ++c) {
            const double product = static_cast<double>(decoded[c]) * activations.meant[n][c];
            want += product;
            size += std::abs(product);
          }
          EXPECT_NEAR(together[n], want, 1e-5 * size)
              << name(*table) << ' ' << frugal::name(type) << ' ' << byte << ' ' << n;
          EXPECT_EQ(products(*table, w, activations.only(n))[0], together[n]);
        }
      }
    }
  }
}

TEST(MatmulBlock, EveryPlaceOfABlockMeetsItsPartner) {
  constexpr std::size_t kCols = 256;
  for (const DType type : kBlockTypes) {
    const Weights weights(type, 1, kCols, 21);
    const auto want = weights.decoded(0);
    std::vector<float> x(kCols * kCols, 0.0F);
    for (std::size_t place = 0; place < kCols; ++place) x[(place * kCols) + place] = 127.0F;
    const RoundedActivations activations(kCols, kCols, x);
    for (const Kernels* table : runnable_kernels()) {
      const auto got = products(*table, weights.matrix(), activations.x);
      for (std::size_t place = 0; place < kCols; ++place) {
        ASSERT_NEAR(got[place], 127.0F * want[place], 1e-4)
            << name(*table) << ' ' << frugal::name(type) << ' ' << place;
      }
    }
  }
}

TEST(MatmulBlock, ANanActivationReachesItsOwnRowOnly) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kBlockTypes) {
      const Weights weights(type, 5, 512, 7);
      auto data = numbers(3 * 512, 8);
      data[512 + 40] = kNan;
      const RoundedActivations activations(3, 512, data);
      const auto out = products(*table, weights.matrix(), activations.x);
      for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(std::isnan(out[i]), i / 5 == 1);
    }
  }
}

TEST(MatmulBlock, AForeignNanScaleIsSeen) {
  for (const DType type : kBlockTypes) {
    if (type == DType::kMXFP4) continue;  // its scale is a power of two, whatever the byte
    Weights weights(type, 5, 512, 9);
    const std::uint16_t nan = 0x7E00;
    std::memcpy(weights.row(2) + traits(type).block_bytes + scale_offsets(type).front(), &nan, 2);
    for (const std::size_t batch : {2U, 6U}) {
      const RoundedActivations activations(batch, 512, 10);
      for (const Kernels* table : runnable_kernels()) {
        const auto out = products(*table, weights.matrix(), activations.x);
        for (std::size_t i = 0; i < out.size(); ++i) {
          EXPECT_EQ(std::isnan(out[i]), i % 5 == 2) << name(*table) << ' ' << frugal::name(type);
        }
      }
    }
  }
}

TEST(MatmulBlock, NothingIsReadBeforeOrWrittenBehindTheResults) {
  for (const Kernels* table : runnable_kernels()) {
    for (const DType type : kBlockTypes) {
      const Weights weights(type, 21, 256, 16);
      for (const std::size_t batch : {1U, 6U}) {
        const RoundedActivations activations(batch, 256, 17);
        // What is there before, NaN, must not matter; what lies between the rows must stay.
        EXPECT_LE(matmul_error(*table, weights, activations.x, activations.meant), 1e-5)
            << name(*table) << ' ' << frugal::name(type);
      }
    }
  }
}

}  // namespace
}  // namespace frugal::kernels
