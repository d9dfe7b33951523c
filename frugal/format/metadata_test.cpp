#include <limits>

#include "frugal/format/gguf_for_test.h"
#include "frugal/format/gguf_layout.h"

namespace frugal::format {
namespace {

TEST(Metadata, SetAppendsOrReplacesInPlace) {
  Metadata metadata;
  metadata.set("a", std::uint32_t{1});
  metadata.set("b", std::string("two"));
  metadata.set("a", 1.5F);
  ASSERT_EQ(metadata.entries().size(), 2U);
  EXPECT_EQ(metadata.entries()[0], (MetaEntry{"a", 1.5F}));
  EXPECT_EQ(metadata.entries()[1].key, "b");
}

TEST(Metadata, EraseForgetsOneKeyAndKeepsTheOrder) {
  Metadata metadata;
  for (const char* key : {"a", "b", "c"}) metadata.set(key, true);
  metadata.erase("b");
  metadata.erase("absent");
  ASSERT_EQ(metadata.entries().size(), 2U);
  EXPECT_EQ(metadata.entries()[1].key, "c");
  EXPECT_EQ(metadata.find("b"), nullptr);
}

TEST(Metadata, AbsentKeysAreNothing) {
  const Metadata metadata;
  EXPECT_EQ(metadata.find("a"), nullptr);
  EXPECT_EQ(metadata.get_uint("a"), std::nullopt);
  EXPECT_EQ(metadata.get_float("a"), std::nullopt);
  EXPECT_EQ(metadata.get_bool("a"), std::nullopt);
  EXPECT_EQ(metadata.get_string("a"), std::nullopt);
  EXPECT_EQ(metadata.get_array("a"), nullptr);
}

TEST(Metadata, AnyIntegerThatIsNotNegativeIsUnsigned) {
  Metadata metadata;
  metadata.set("u8", std::uint8_t{200});
  metadata.set("i8", std::int8_t{100});
  metadata.set("u16", std::uint16_t{60000});
  metadata.set("i16", std::int16_t{30000});
  metadata.set("u32", std::uint32_t{4000000000});
  metadata.set("i32", std::int32_t{0});
  metadata.set("u64", std::numeric_limits<std::uint64_t>::max());
  metadata.set("i64", std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(metadata.get_uint("u8"), 200U);
  EXPECT_EQ(metadata.get_uint("i8"), 100U);
  EXPECT_EQ(metadata.get_uint("u16"), 60000U);
  EXPECT_EQ(metadata.get_uint("i16"), 30000U);
  EXPECT_EQ(metadata.get_uint("u32"), 4000000000U);
  EXPECT_EQ(metadata.get_uint("i32"), 0U);
  EXPECT_EQ(metadata.get_uint("u64"), ~std::uint64_t{0});
  EXPECT_EQ(metadata.get_uint("i64"), ~std::uint64_t{0} / 2);
}

TEST(Metadata, AnyNumberIsAFloat) {
  Metadata metadata;
  metadata.set("f32", 1.5F);
  metadata.set("f64", 1e300);
  metadata.set("i16", std::int16_t{-3});
  EXPECT_EQ(metadata.get_float("f32"), 1.5);
  EXPECT_EQ(metadata.get_float("f64"), 1e300);
  EXPECT_EQ(metadata.get_float("i16"), -3.0);
}

TEST(Metadata, AnotherTypeIsCorruptAndNamesTheKey) {
  Metadata metadata;
  metadata.set("negative", std::int64_t{-1});
  metadata.set("flag", true);
  metadata.set("text", std::string("12"));
  for (const char* key : {"negative", "flag", "text"}) {
    EXPECT_EQ(kind_of([&] { static_cast<void>(metadata.get_uint(key)); }), ErrorKind::kCorrupt);
    EXPECT_EQ(kind_of([&] { static_cast<void>(metadata.get_array(key)); }), ErrorKind::kCorrupt);
  }
  EXPECT_EQ(kind_of([&] { static_cast<void>(metadata.get_float("flag")); }), ErrorKind::kCorrupt);
  EXPECT_EQ(kind_of([&] { static_cast<void>(metadata.get_float("text")); }), ErrorKind::kCorrupt);
  EXPECT_EQ(kind_of([&] { static_cast<void>(metadata.get_bool("text")); }), ErrorKind::kCorrupt);
  EXPECT_EQ(kind_of([&] { static_cast<void>(metadata.get_string("flag")); }), ErrorKind::kCorrupt);
  try {
    static_cast<void>(metadata.get_uint("negative"));
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "metadata key 'negative': i64 -1, expected an integer that is not negative");
  }
}

TEST(Metadata, HoldsTheOtherTypesAsTheyAre) {
  Metadata metadata;
  metadata.set("flag", true);
  metadata.set("text", std::string("12"));
  metadata.set("list", MetaArray{4, {std::uint32_t{1}}});
  EXPECT_EQ(metadata.get_bool("flag"), true);
  EXPECT_EQ(metadata.get_string("text"), "12");
  EXPECT_EQ(metadata.get_array("list")->values.size(), 1U);
}

TEST(Metadata, ArraysDifferByElementTypeAlsoWhenEmpty) {
  EXPECT_EQ((MetaArray{4, {}}), (MetaArray{4, {}}));
  EXPECT_NE((MetaArray{4, {}}), (MetaArray{5, {}}));
  EXPECT_NE((MetaArray{0, {std::uint8_t{1}}}), (MetaArray{0, {std::uint8_t{2}}}));
}

TEST(Metadata, ShowsValuesAsText) {
  EXPECT_EQ(to_text(std::uint8_t{65}), "65");
  EXPECT_EQ(to_text(std::int8_t{-65}), "-65");
  EXPECT_EQ(to_text(0.1F), "0.1");
  EXPECT_EQ(to_text(1e-5), "1e-05");
  EXPECT_EQ(to_text(true), "true");
  EXPECT_EQ(to_text(std::string("naïve\x1b")), "naïve\\x1b");
  EXPECT_EQ(to_text(std::string(1000, 'x')).size(), 1000U);
  EXPECT_EQ(to_text(MetaArray{8, {std::string("a")}}), "[\"a\"]");
  EXPECT_EQ(to_text(MetaArray{0, {}}), "[]");
}

TEST(Metadata, ShortensLongArrays) {
  MetaArray numbers{5, {}};
  for (std::int32_t i = 0; i < 9; ++i) numbers.values.emplace_back(i);
  EXPECT_EQ(to_text(numbers), "[0, 1, 2, 3, 4, 5, … 9 in all]");
  EXPECT_EQ(to_text(numbers, 9), "[0, 1, 2, 3, 4, 5, 6, 7, 8]");
  EXPECT_EQ(to_text(numbers, 0), "[… 9 in all]");
  EXPECT_EQ(to_text(MetaArray{9, {numbers, numbers}}, 1), "[[0, … 9 in all], … 2 in all]");
}

}  // namespace
}  // namespace frugal::format
