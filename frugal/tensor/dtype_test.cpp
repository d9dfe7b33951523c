#include "frugal/tensor/dtype.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "frugal/tensor/blocks.h"

namespace frugal {
namespace {

std::vector<DType> all_types() {
  std::vector<DType> types;
  for (std::uint32_t number = 0; number < 256; ++number) {
    if (const auto type = dtype_from_ggml(number)) types.push_back(*type);
  }
  return types;
}

TEST(DType, TheNumberInTheFileIsTheValue) {
  EXPECT_EQ(all_types().size(), 32U);
  for (const DType type : all_types()) {
    EXPECT_EQ(dtype_from_ggml(static_cast<std::uint32_t>(type)), type);
    EXPECT_EQ(traits(type).type, type);
  }
}

TEST(DType, WithdrawnAndUnknownNumbersAreNoType) {
  for (const std::uint32_t number : {4U, 5U, 31U, 32U, 33U, 36U, 37U, 38U, 1000U, 0xFFFFFFFFU}) {
    EXPECT_EQ(dtype_from_ggml(number), std::nullopt) << number;
  }
}

TEST(DType, NamesAreUniqueAndFoundInAnyLetterCase) {
  std::set<std::string_view> names;
  for (const DType type : all_types()) {
    EXPECT_TRUE(names.insert(name(type)).second) << name(type);
    EXPECT_EQ(dtype_from_name(name(type)), type);
    std::string lower;
    for (const char c : name(type)) {
      lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    EXPECT_EQ(dtype_from_name(lower), type) << lower;
  }
}

TEST(DType, OtherNamesAreNoType) {
  for (const char* text : {"", "Q8", "Q8_00", "f 32", "q8-0", "\xff"}) {
    EXPECT_EQ(dtype_from_name(text), std::nullopt) << text;
  }
}

struct BitsPerWeight {
  DType type;
  double bits;
};

// Published sizes of the formats, in bits per number.
TEST(DType, BlocksHaveThePublishedSizes) {
  for (const auto& [type, bits] : {BitsPerWeight{DType::kF32, 32},
                                   {DType::kF16, 16},
                                   {DType::kBF16, 16},
                                   {DType::kF64, 64},
                                   {DType::kI8, 8},
                                   {DType::kI64, 64},
                                   {DType::kQ4_0, 4.5},
                                   {DType::kQ4_1, 5.0},
                                   {DType::kQ5_0, 5.5},
                                   {DType::kQ5_1, 6.0},
                                   {DType::kQ8_0, 8.5},
                                   {DType::kQ2_K, 2.625},
                                   {DType::kQ3_K, 3.4375},
                                   {DType::kQ4_K, 4.5},
                                   {DType::kQ5_K, 5.5},
                                   {DType::kQ6_K, 6.5625},
                                   {DType::kIQ2_XXS, 2.0625},
                                   {DType::kIQ2_XS, 2.3125},
                                   {DType::kIQ3_XXS, 3.0625},
                                   {DType::kIQ1_S, 1.5625},
                                   {DType::kIQ1_M, 1.75},
                                   {DType::kIQ4_NL, 4.5},
                                   {DType::kIQ3_S, 3.4375},
                                   {DType::kIQ2_S, 2.5625},
                                   {DType::kIQ4_XS, 4.25},
                                   {DType::kTQ1_0, 1.6875},
                                   {DType::kTQ2_0, 2.0625},
                                   {DType::kMXFP4, 4.25}}) {
    const DTypeTraits& t = traits(type);
    EXPECT_EQ(8.0 * static_cast<double>(t.block_bytes) / static_cast<double>(t.block_elements),
              bits)
        << t.name;
  }
}

TEST(DType, TraitsAgreeWithTheBlockStructs) {
  EXPECT_EQ(traits(DType::kQ8_0).block_bytes, sizeof(BlockQ8_0));
  EXPECT_EQ(traits(DType::kQ8_0).block_elements, std::size_t{BlockQ8_0::kElements});
  EXPECT_EQ(traits(DType::kQ4_0).block_bytes, sizeof(BlockQ4_0));
  EXPECT_EQ(traits(DType::kQ4_0).block_elements, std::size_t{BlockQ4_0::kElements});
}

TEST(RowBytes, CountsWholeBlocksOnly) {
  EXPECT_EQ(row_bytes(DType::kF32, 3), 12U);
  EXPECT_EQ(row_bytes(DType::kQ8_0, 64), 68U);
  EXPECT_EQ(row_bytes(DType::kQ4_0, 0), 0U);
  EXPECT_EQ(row_bytes(DType::kQ4_0, 33), std::nullopt);
  EXPECT_EQ(row_bytes(DType::kQ4_K, 128), std::nullopt);
  EXPECT_EQ(row_bytes(DType::kQ4_K, 256), 144U);
}

TEST(RowBytes, ARowThatOverflowsHasNone) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(row_bytes(DType::kF64, (kMost / 8) + 1), std::nullopt);
  EXPECT_EQ(row_bytes(DType::kF64, kMost / 8), kMost - 7);
  EXPECT_EQ(row_bytes(DType::kQ8_0, kMost - 31), std::nullopt);
  EXPECT_EQ(row_bytes(DType::kI8, kMost), kMost);
}

TEST(RowBytesDeathTest, ANumberThatIsNoTypeIsABug) {
  EXPECT_DEATH((void)row_bytes(static_cast<DType>(5), 32), "check failed");
}

}  // namespace
}  // namespace frugal
