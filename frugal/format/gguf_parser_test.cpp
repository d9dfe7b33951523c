#include "frugal/format/gguf_parser.h"

#include <random>

#include "frugal/base/str.h"
#include "frugal/format/gguf_for_test.h"
#include "frugal/format/gguf_layout.h"

namespace frugal::format {
namespace {

constexpr std::uint32_t kF32Number = 0;
constexpr std::uint32_t kQ8Number = 8;

// Two tensors that fill the data section to its last byte, so that no truncation goes unseen.
FileBuilder well_formed(std::uint32_t version = 3) {
  FileBuilder file;
  file.header(2, 3, version).key("general.name", kStringType).string("Tiny");
  file.key("tiny.blocks", 4).u32(2);
  file.key("tiny.words", kArrayType).array(kStringType, 2).string("a").string("bc");
  file.tensor("gain", {8}, kF32Number, 0).tensor("weight", {4, 2, 2}, kF32Number, 32);
  return file.pad(32).fill(32, 'g').fill(64, 'w');
}

// A file with one metadata entry, written by the caller after the key.
FileBuilder one_key(std::string_view key, std::uint32_t type) {
  return FileBuilder().header(0, 1).key(key, type);
}

std::shared_ptr<const TensorFile> open_heap(const HeapBytes& heap) {
  return TensorFile::from_bytes(heap.get(), std::string(kTestName));
}

// Reads all that a file shows.
std::size_t touch(const TensorFile& file) {
  std::size_t sum = 0;
  for (const MetaEntry& entry : file.metadata().entries()) sum += to_text(entry.value).size();
  for (const TensorInfo& tensor : file.tensors()) {
    for (const std::byte byte : file.data(tensor)) sum += static_cast<std::size_t>(byte);
  }
  return sum;
}

TEST(Gguf, ReadsHeaderMetadataAndTensors) {
  const HeapBytes heap(well_formed().bytes);
  const auto file = open_heap(heap);
  EXPECT_EQ(file->path(), "test.gguf");
  EXPECT_EQ(file->version(), 3U);
  EXPECT_EQ(file->alignment(), 32U);
  EXPECT_EQ(file->file_bytes(), heap.get().size());
  EXPECT_EQ(file->metadata().entries().size(), 3U);
  EXPECT_EQ(file->metadata().get_string("general.name"), "Tiny");
  EXPECT_EQ(file->metadata().get_uint("tiny.blocks"), 2U);
  const MetaArray words{kStringType, {std::string("a"), std::string("bc")}};
  EXPECT_EQ(*file->metadata().get_array("tiny.words"), words);
  const TensorInfo* weight = file->find("weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(weight->cols(), 4U);
  EXPECT_EQ(weight->rows(), 4U);
  EXPECT_EQ(text_of(file->data(*weight)), std::string(64, 'w'));
  EXPECT_EQ(text_of(file->data(file->tensors()[0])), std::string(32, 'g'));
  EXPECT_EQ(file->find("weigh"), nullptr);
  EXPECT_EQ(file->find("zzz"), nullptr);
}

TEST(Gguf, ReadsVersion2) {
  const HeapBytes heap(well_formed(2).bytes);
  const auto file = open_heap(heap);
  EXPECT_EQ(file->version(), 2U);
  EXPECT_EQ(text_of(file->data(*file->find("gain"))), std::string(32, 'g'));
}

TEST(Gguf, OpensAFileByItsPath) {
  const TempFolder folder;
  write_bytes(folder / "model.gguf", well_formed().bytes);
  const auto file = TensorFile::open(folder / "model.gguf");
  EXPECT_EQ(file->path(), (folder / "model.gguf").string());
  EXPECT_EQ(text_of(file->data(*file->find("gain"))), std::string(32, 'g'));
}

TEST(Gguf, NeedsNoPaddingWhereNoDataFollow) {
  const HeapBytes heap(one_key("a", 0).put(std::uint8_t{7}).bytes);
  EXPECT_EQ(open_heap(heap)->metadata().get_uint("a"), 7U);
}

TEST(Gguf, HonoursTheAlignmentOfTheMetadata) {
  FileBuilder file;
  file.header(2, 1).key("general.alignment", 4).u32(64);
  file.tensor("a", {1}, kF32Number, 0).tensor("b", {1}, kF32Number, 64);
  file.pad(64).fill(4, 'a').pad(64).fill(4, 'b');
  const HeapBytes heap(file.bytes);
  EXPECT_EQ(open_heap(heap)->alignment(), 64U);
  EXPECT_EQ(text_of(open_heap(heap)->data(*open_heap(heap)->find("b"))), "bbbb");
}

TEST(Gguf, TakesATensorWithoutDimensionsForOneNumber) {
  const HeapBytes heap(
      FileBuilder().header(1, 0).tensor("x", {}, kF32Number, 0).pad(32).fill(4, 'x').bytes);
  const auto file = open_heap(heap);
  EXPECT_EQ(file->find("x")->cols(), 1U);
  EXPECT_EQ(file->find("x")->rows(), 1U);
  EXPECT_EQ(text_of(file->data(*file->find("x"))), "xxxx");
}

TEST(Gguf, AcceptsTensorsInAnyOrderOfOffsets) {
  FileBuilder file;
  file.header(2, 0).tensor("late", {1}, kF32Number, 32).tensor("early", {1}, kF32Number, 0);
  file.pad(32).fill(4, 'e').pad(32).fill(4, 'l');
  const HeapBytes heap(file.bytes);
  EXPECT_EQ(text_of(open_heap(heap)->data(*open_heap(heap)->find("late"))), "llll");
}

TEST(Gguf, RefusesAnEmptyFileAndAForeignOne) {
  expect_refused("", ErrorKind::kCorrupt, "an empty file, expected GGUF");
  expect_refused("GG", ErrorKind::kCorrupt, "truncated: the file ends at byte 2");
  expect_refused("PK\x03\x04 and more", ErrorKind::kCorrupt,
                 "magic 'PK\\x03\\x04', expected 'GGUF'");
}

TEST(Gguf, RefusesVersionsThatItDoesNotKnow) {
  for (const std::uint32_t version : {0U, 1U, 4U, 0x1234567U}) {
    expect_refused(well_formed(version).bytes, ErrorKind::kUnsupported,
                   str("GGUF version {}, expected 2 or 3", version));
  }
}

TEST(Gguf, NamesABigEndianFile) {
  expect_refused(well_formed(0x03000000U).bytes, ErrorKind::kUnsupported, "a big-endian file");
}

TEST(Gguf, RefusesCountsThatTheFileCannotHold) {
  constexpr std::uint64_t kAbsurd = ~std::uint64_t{0};
  expect_refused(FileBuilder().header(kAbsurd, 0).bytes, ErrorKind::kCorrupt,
                 "expected 18446744073709551615 items");
  expect_refused(FileBuilder().header(0, kAbsurd / 2).bytes, ErrorKind::kCorrupt, "truncated");
  expect_refused(FileBuilder().header(0, 1).u64(kAbsurd).fill(20, 'k').bytes, ErrorKind::kCorrupt,
                 "expected 18446744073709551615 bytes");
  expect_refused(one_key("a", kStringType).u64(kAbsurd - 7).bytes, ErrorKind::kCorrupt,
                 "metadata key 'a', byte 45: truncated: the file ends at byte 45");
  for (std::uint32_t type = 0; type < kValueTypes; ++type) {
    const std::uint64_t one_too_many = (64 / value_bytes_min(type)) + 1;
    for (const std::uint64_t count : {kAbsurd, kAbsurd / 8 + 2, one_too_many}) {
      expect_refused(one_key("a", kArrayType).array(type, count).fill(64, '\0').bytes,
                     ErrorKind::kCorrupt, str("expected {} ", count));
    }
  }
}

TEST(Gguf, RefusesKeysThatAreEmptyTooLongOrTwins) {
  expect_refused(one_key("", 4).u32(1).fill(8, '\0').bytes, ErrorKind::kCorrupt,
                 "metadata key 0, byte 32: a name of 0 bytes, expected 1 to 65535");
  expect_refused(one_key(std::string(65536, 'k'), 4).u32(1).bytes, ErrorKind::kCorrupt,
                 "a name of 65536 bytes");
  FileBuilder twins;
  twins.header(0, 3).key("a", 4).u32(1).key("b", 4).u32(1).key("a", 4).u32(2);
  expect_refused(twins.bytes, ErrorKind::kCorrupt, "metadata key 'a': appears more than");
  const HeapBytes longest(one_key(std::string(65535, 'k'), 4).u32(1).bytes);
  EXPECT_EQ(open_heap(longest)->metadata().entries()[0].key.size(), 65535U);
}

TEST(Gguf, RefusesValuesOfUnknownTypeAndBadBools) {
  expect_refused(one_key("a", 13).fill(64, '\0').bytes, ErrorKind::kCorrupt,
                 "value type 13, expected 0 to 12");
  expect_refused(one_key("a", kArrayType).array(~0U, 0).bytes, ErrorKind::kCorrupt,
                 "value type 4294967295");
  expect_refused(one_key("a", 7).put(std::uint8_t{2}).bytes, ErrorKind::kCorrupt,
                 "bool 2, expected 0 or 1");
  FileBuilder bools = one_key("a", kArrayType).array(7, 2);
  bools.put(std::uint8_t{1}).put(std::uint8_t{255});
  expect_refused(bools.bytes, ErrorKind::kCorrupt, "bool 255");
}

TEST(Gguf, RefusesArraysNestedTooDeep) {
  FileBuilder four = one_key("a", kArrayType);
  for (int i = 0; i < 3; ++i) four.array(kArrayType, 1);
  four.array(0, 1).put(std::uint8_t{9});
  const HeapBytes heap(four.bytes);
  EXPECT_EQ(to_text(open_heap(heap)->metadata().entries()[0].value), "[[[[9]]]]");
  FileBuilder endless = one_key("a", kArrayType);
  for (int i = 0; i < 100000; ++i) endless.array(kArrayType, 1);
  expect_refused(endless.bytes, ErrorKind::kCorrupt, "arrays nested deeper than 4");
}

TEST(Gguf, RefusesAlignmentsThatAreNone) {
  for (const std::uint32_t alignment : {0U, 3U, 48U, (1U << 20U) + 1U, 1U << 21U}) {
    expect_refused(one_key("general.alignment", 4).u32(alignment).bytes, ErrorKind::kCorrupt,
                   str("alignment {}, expected a power of two up to 1048576", alignment));
  }
  expect_refused(one_key("general.alignment", 5).put(std::int32_t{-32}).bytes, ErrorKind::kCorrupt,
                 "metadata key 'general.alignment'");
  expect_refused(one_key("general.alignment", kStringType).string("32").bytes, ErrorKind::kCorrupt,
                 "alignment 32");
}

// A file with one tensor and 4 KiB of data.
std::string with_tensor(std::initializer_list<std::uint64_t> dims, std::uint32_t type,
                        std::uint64_t offset) {
  return FileBuilder().header(1, 0).tensor("t", dims, type, offset).pad(32).fill(4096, 'd').bytes;
}

TEST(Gguf, RefusesShapesThatAreNone) {
  expect_refused(with_tensor({1, 1, 1, 1, 1}, kF32Number, 0), ErrorKind::kCorrupt,
                 "tensor 't', byte 37: 5 dimensions, expected at most 4");
  expect_refused(with_tensor({4, 0}, kF32Number, 0), ErrorKind::kCorrupt, "extent 1 is 0");
  expect_refused(with_tensor({33}, kQ8Number, 0), ErrorKind::kCorrupt,
                 "rows of 33 elements, expected a multiple of the 32 of a Q8_0 block");
  constexpr std::uint64_t kLarge = std::uint64_t{1} << 32U;
  expect_refused(with_tensor({kLarge, kLarge}, kF32Number, 0), ErrorKind::kCorrupt,
                 "2^63 or more elements");
  expect_refused(with_tensor({kLarge, kLarge / 4}, kF32Number, 0), ErrorKind::kCorrupt,
                 "2^63 or more bytes");
}

TEST(Gguf, RefusesATensorTypeThatItDoesNotKnow) {
  for (const std::uint32_t number : {4U, 38U, 4711U}) {
    expect_refused(with_tensor({32}, number, 0), ErrorKind::kUnsupported,
                   str("tensor type {}", number));
  }
}

TEST(Gguf, RefusesTensorsOutsideTheFile) {
  expect_refused(with_tensor({1025}, kF32Number, 0), ErrorKind::kCorrupt,
                 "tensor 't': truncated: the file ends at byte 4160");
  expect_refused(with_tensor({8}, kF32Number, 4096), ErrorKind::kCorrupt, "truncated");
  expect_refused(with_tensor({8}, kF32Number, ~std::uint64_t{31}), ErrorKind::kCorrupt,
                 "truncated");
  expect_refused(with_tensor({8}, kF32Number, 8), ErrorKind::kCorrupt,
                 "tensor 't': offset 8, expected a multiple of 32");
}

TEST(Gguf, RefusesTensorsThatShareBytes) {
  FileBuilder file;
  file.header(3, 0).tensor("c", {8}, kF32Number, 64).tensor("a", {9}, kF32Number, 0);
  file.tensor("b", {8}, kF32Number, 32).pad(32).fill(96, 'd');
  expect_refused(file.bytes, ErrorKind::kCorrupt,
                 "tensor 'b': offset 32 lies inside tensor 'a', expected 36 or more");
}

TEST(Gguf, RefusesTensorNamesThatAreEmptyTooLongOrTwins) {
  FileBuilder twins;
  twins.header(2, 0).tensor("same", {8}, kF32Number, 0).tensor("same", {8}, kF32Number, 32);
  expect_refused(twins.pad(32).fill(64, 'd').bytes, ErrorKind::kCorrupt,
                 "tensor 'same': appears more than once");
  expect_refused(FileBuilder().header(1, 0).tensor("", {8}, kF32Number, 0).fill(64, 'd').bytes,
                 ErrorKind::kCorrupt, "tensor 0, byte 32: a name of 0 bytes");
  FileBuilder long_name;
  long_name.header(1, 0).tensor(std::string(65536, 'n'), {8}, kF32Number, 0);
  expect_refused(long_name.pad(32).fill(32, 'd').bytes, ErrorKind::kCorrupt, "65536 bytes");
}

TEST(Gguf, ShowsHostileNamesWithoutTheirControlCharacters) {
  expect_refused(one_key("\x1b[2J", 99).bytes, ErrorKind::kCorrupt, "key '\\x1b[2J'");
}

TEST(Gguf, RefusesEveryTruncation) {
  const std::string whole = well_formed().bytes;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    expect_refused(std::string_view(whole).substr(0, size), ErrorKind::kCorrupt, "truncated");
  }
}

TEST(Gguf, SurvivesFlippedBytes) {
  constexpr int kRounds = 4000;
  const std::string whole = well_formed().bytes;
  std::mt19937 random(20240229);
  int refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes = whole;
    for (int flips = 0; flips <= round % 3; ++flips) {
      const std::size_t at = random() % bytes.size();
      bytes[at] = static_cast<char>(static_cast<unsigned>(bytes[at]) ^ (1U << (random() % 8)));
    }
    const HeapBytes heap(bytes);
    try {
      EXPECT_GT(touch(*open_heap(heap)), 0U);
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::kCorrupt || error.kind() == ErrorKind::kUnsupported)
          << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, kRounds / 4);
  EXPECT_LT(refused, kRounds);
}

// Holes cost no disk: such a file passes every check against its size.
TEST(Gguf, RefusesWhatASparseFileWouldMakeUsAllocate) {
  const TempFolder folder;
  const auto error_of = [&](const FileBuilder& start) -> std::string {
    write_bytes(folder / "sparse.gguf", start.bytes);
    std::filesystem::resize_file(folder / "sparse.gguf", std::uintmax_t{1} << 32U);
    try {
      static_cast<void>(TensorFile::open(folder / "sparse.gguf"));
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  using testing::IsSubstring;
  EXPECT_PRED_FORMAT2(IsSubstring, "a header that goes on beyond byte 1073741824",
                      error_of(one_key("a", kStringType).u64(1ULL << 31U)));
  EXPECT_PRED_FORMAT2(IsSubstring, "16777217 array elements after 0 others",
                      error_of(one_key("a", kArrayType).array(0, (1ULL << 24U) + 1)));
  EXPECT_PRED_FORMAT2(IsSubstring, "expected at most 1048576 each",
                      error_of(FileBuilder().header((1ULL << 20U) + 1, 0)));
  EXPECT_PRED_FORMAT2(IsSubstring, "expected at most 1048576 each",
                      error_of(FileBuilder().header(0, (1ULL << 20U) + 1)));
}

TEST(GgufDeathTest, DataOfAForeignTensorIsABug) {
  const HeapBytes heap(well_formed().bytes);
  const auto file = open_heap(heap);
  TensorInfo foreign = *file->find("weight");
  foreign.bytes += 1;
  EXPECT_DEATH(static_cast<void>(file->data(foreign)), "tensor.bytes");
}

}  // namespace
}  // namespace frugal::format
