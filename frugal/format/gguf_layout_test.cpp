#include "frugal/format/gguf_layout.h"

#include <array>

#include "frugal/format/gguf_for_test.h"

namespace frugal::format {
namespace {

Sized size_of(DType type, std::initializer_list<std::uint64_t> dims) {
  return tensor_size(type, std::vector<std::uint64_t>(dims));
}

TEST(GgufLayout, SizesTensorsByTheirBlocks) {
  EXPECT_EQ(size_of(DType::kF32, {}).bytes, 4U);
  EXPECT_EQ(size_of(DType::kF16, {3, 5}).bytes, 30U);
  EXPECT_EQ(size_of(DType::kQ8_0, {64, 3}).bytes, 2U * 3U * 34U);
  EXPECT_EQ(size_of(DType::kQ4_K, {256, 2, 2, 2}).bytes, 8U * 144U);
  EXPECT_EQ(size_of(DType::kI8, {(1ULL << 31U), (1ULL << 31U)}).bytes, 1ULL << 62U);
}

TEST(GgufLayout, SaysWhyAShapeHasNoSize) {
  EXPECT_NE(size_of(DType::kF32, {1, 1, 1, 1, 1}).fault, "");
  EXPECT_NE(size_of(DType::kF32, {0}).fault, "");
  EXPECT_NE(size_of(DType::kQ8_0, {}).fault, "");
  EXPECT_NE(size_of(DType::kQ8_0, {31}).fault, "");
  EXPECT_NE(size_of(DType::kI8, {1ULL << 63U}).fault, "");
  EXPECT_NE(size_of(DType::kI8, {1ULL << 32U, 1ULL << 31U}).fault, "");
  EXPECT_NE(size_of(DType::kI16, {1ULL << 62U}).fault, "");
}

TEST(GgufLayout, BlocksOfAllTypesHaveTheirSize) {
  for (std::uint32_t number = 0; number < 64; ++number) {
    const std::optional<DType> type = dtype_from_ggml(number);
    if (!type) continue;
    const DTypeTraits& block = traits(*type);
    EXPECT_EQ(size_of(*type, {block.block_elements, 3}).bytes, 3 * block.block_bytes);
  }
}

TEST(GgufLayout, AlignsUpwards) {
  EXPECT_EQ(align_up(0, 32), 0U);
  EXPECT_EQ(align_up(1, 32), 32U);
  EXPECT_EQ(align_up(32, 32), 32U);
  EXPECT_EQ(align_up(33, 1), 33U);
}

TEST(GgufLayout, TakesTheAlignmentFromTheMetadata) {
  Metadata metadata;
  EXPECT_EQ(alignment_of(metadata).bytes, 32U);
  metadata.set("general.alignment", std::uint32_t{128});
  EXPECT_EQ(alignment_of(metadata).bytes, 128U);
  metadata.set("general.alignment", std::int64_t{1});
  EXPECT_EQ(alignment_of(metadata).bytes, 1U);
  metadata.set("general.alignment", std::uint64_t{1} << 20U);
  EXPECT_EQ(alignment_of(metadata).bytes, 1U << 20U);
  for (const std::int64_t wrong : {-32, 0, 24, 1 << 21}) {
    metadata.set("general.alignment", wrong);
    EXPECT_NE(alignment_of(metadata).fault, "") << wrong;
  }
  metadata.set("general.alignment", 32.0F);
  EXPECT_NE(alignment_of(metadata).fault, "");
}

TEST(GgufLayout, KnowsTheValueTypesByNumber) {
  const std::array<MetaValue, kValueTypes> values = {
      std::uint8_t{},  std::int8_t{},  std::uint16_t{}, std::int16_t{}, std::uint32_t{},
      std::int32_t{},  float{},        bool{},          std::string{},  MetaArray{},
      std::uint64_t{}, std::int64_t{}, double{}};
  const std::array<std::string_view, kValueTypes> names = {"u8",  "i8",  "u16",  "i16",    "u32",
                                                           "i32", "f32", "bool", "string", "array",
                                                           "u64", "i64", "f64"};
  for (std::uint32_t type = 0; type < kValueTypes; ++type) {
    EXPECT_EQ(values[type].index(), type);
    EXPECT_EQ(value_type_name(type), names[type]);
    EXPECT_GE(value_bytes_min(type), 1U);
  }
  EXPECT_EQ(value_type_name(13), "?");
}

TEST(GgufLayout, BoolsAndFloatsAreNoUnsignedIntegers) {
  EXPECT_EQ(as_uint(true), std::nullopt);
  EXPECT_EQ(as_uint(2.0), std::nullopt);
  EXPECT_EQ(as_uint(std::int8_t{-1}), std::nullopt);
  EXPECT_EQ(as_uint(std::int8_t{1}), 1U);
}

}  // namespace
}  // namespace frugal::format
