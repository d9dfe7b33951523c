#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>

#include "frugal/format/gguf_for_test.h"
#include "frugal/format/gguf_layout.h"

namespace frugal::format {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TensorSource source(std::string name, std::vector<std::uint64_t> dims, std::string data,
                    DType type = DType::kF32) {
  return {.name = std::move(name),
          .type = type,
          .dims = std::move(dims),
          .produce = [data = std::move(data)](const TensorSource::Sink& sink) {
            sink(bytes_of(data));
          }};
}

Metadata every_type() {
  Metadata metadata;
  metadata.set("u8", std::numeric_limits<std::uint8_t>::max());
  metadata.set("i8", std::numeric_limits<std::int8_t>::min());
  metadata.set("u16", std::numeric_limits<std::uint16_t>::max());
  metadata.set("i16", std::numeric_limits<std::int16_t>::min());
  metadata.set("u32", std::numeric_limits<std::uint32_t>::max());
  metadata.set("i32", std::numeric_limits<std::int32_t>::min());
  metadata.set("f32", 0.1F);
  metadata.set("bool", true);
  metadata.set("string", std::string("zero \0 inside, é, \xff", 19));
  metadata.set("u64", std::numeric_limits<std::uint64_t>::max());
  metadata.set("i64", std::numeric_limits<std::int64_t>::min());
  metadata.set("f64", 0.1);
  metadata.set("strings", MetaArray{kStringType, {std::string(), std::string("b")}});
  metadata.set("no strings", MetaArray{kStringType, {}});
  metadata.set("bools", MetaArray{7, {true, false}});
  const MetaArray inner{5, {std::int32_t{-1}, std::int32_t{2}}};
  const MetaArray middle{kArrayType, {inner, MetaArray{12, {}}}};
  metadata.set("nested", MetaArray{kArrayType, {middle, MetaArray{kArrayType, {middle}}}});
  return metadata;
}

std::vector<TensorSource> two_tensors() {
  return {source("q", {32, 2}, std::string(68, 'q'), DType::kQ8_0),
          source("f", {3}, "abcdefghijkl")};
}

std::vector<TensorSource> sources_of(const TensorFile& file) {
  std::vector<TensorSource> sources;
  for (const TensorInfo& tensor : file.tensors()) {
    sources.push_back(
        source(tensor.name, tensor.dims, std::string(text_of(file.data(tensor))), tensor.type));
  }
  return sources;
}

TEST(GgufWriter, WhatIsWrittenReadsBackTheSame) {
  for (const std::uint32_t alignment : {8U, 32U, 64U, 4096U}) {
    const TempFolder folder;
    Metadata metadata = every_type();
    metadata.set("general.alignment", alignment);
    write_gguf(folder / "a.gguf", metadata, two_tensors());
    const auto file = TensorFile::open(folder / "a.gguf");
    EXPECT_EQ(file->version(), 3U);
    EXPECT_EQ(file->alignment(), alignment);
    EXPECT_EQ(file->metadata().entries(), metadata.entries());
    ASSERT_EQ(file->tensors().size(), 2U);
    EXPECT_EQ(file->tensors()[0].dims, (std::vector<std::uint64_t>{32, 2}));
    EXPECT_EQ(file->tensors()[0].type, DType::kQ8_0);
    EXPECT_EQ(file->tensors()[1].offset, align_up(68, alignment));
    EXPECT_EQ(text_of(file->data(file->tensors()[0])), std::string(68, 'q'));
    EXPECT_EQ(text_of(file->data(file->tensors()[1])), "abcdefghijkl");
    EXPECT_EQ(file->file_bytes() % alignment, 0U);
    write_gguf(folder / "b.gguf", file->metadata(), sources_of(*file));
    EXPECT_EQ(read_bytes(folder / "a.gguf"), read_bytes(folder / "b.gguf"));
  }
}

TEST(GgufWriter, WritesTheBytesOfTheFormat) {
  const TempFolder folder;
  Metadata metadata;
  metadata.set("n", std::uint16_t{7});
  metadata.set("w", MetaArray{kStringType, {std::string("ab")}});
  write_gguf(folder / "a.gguf", metadata, std::vector{source("t", {1, 2}, "12345678")});
  FileBuilder expected;
  expected.header(1, 2).key("n", 2).put(std::uint16_t{7});
  expected.key("w", kArrayType).array(kStringType, 1).string("ab");
  expected.tensor("t", {1, 2}, 0, 0).pad(32);
  expected.bytes += "12345678";
  EXPECT_EQ(read_bytes(folder / "a.gguf"), expected.pad(32).bytes);
}

TEST(GgufWriter, WritesAFileWithoutTensorsOrMetadata) {
  const TempFolder folder;
  write_gguf(folder / "a.gguf", {}, {});
  EXPECT_TRUE(TensorFile::open(folder / "a.gguf")->tensors().empty());
}

TEST(GgufWriter, TakesDataInAnyNumberOfPieces) {
  const TempFolder folder;
  TensorSource tensor = source("t", {2}, "");
  tensor.produce = [](const TensorSource::Sink& sink) {
    sink({});
    for (const char* piece : {"1", "234", "5678"}) sink(bytes_of(piece));
  };
  write_gguf(folder / "a.gguf", {}, std::vector{tensor});
  const auto file = TensorFile::open(folder / "a.gguf");
  EXPECT_EQ(text_of(file->data(*file->find("t"))), "12345678");
}

// Refused as kInvalidArgument before anything is on disk.
void expect_not_written(const Metadata& metadata, const std::vector<TensorSource>& tensors) {
  const TempFolder folder;
  EXPECT_EQ(kind_of([&] { write_gguf(folder / "a.gguf", metadata, tensors); }),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(folder.entries(), 0U);
}

void expect_value_not_written(std::string_view key, MetaValue value) {
  Metadata metadata;
  metadata.set(key, std::move(value));
  expect_not_written(metadata, {});
}

TEST(GgufWriter, RefusesTensorsThatNoReaderWouldTake) {
  expect_not_written({}, {source("t", {33}, "", DType::kQ8_0)});
  expect_not_written({}, {source("t", {4, 0}, "")});
  expect_not_written({}, {source("t", {1, 1, 1, 1, 1}, "")});
  expect_not_written({}, {source("t", {1ULL << 62U, 4}, "")});
  expect_not_written({}, {source("", {1}, "1234")});
  expect_not_written({}, {source(std::string(65536, 't'), {1}, "1234")});
  expect_not_written({}, {source("t", {1}, "1234"), source("t", {2}, "12345678")});
  const std::uint64_t large = 1ULL << 61U;
  expect_not_written(
      {}, {source("a", {large}, "", DType::kI8), source("b", {large + 1}, "", DType::kI8)});
}

TEST(GgufWriter, RefusesMetadataThatNoReaderWouldTake) {
  expect_value_not_written("", std::uint8_t{1});
  expect_value_not_written(std::string(65536, 'k'), std::uint8_t{1});
  expect_value_not_written("general.alignment", std::uint32_t{48});
  expect_value_not_written("general.alignment", std::string("32"));
  expect_value_not_written("a", MetaArray{13, {}});
  expect_value_not_written("a", MetaArray{4, {std::uint32_t{1}, std::int32_t{1}}});
  MetaArray deep{0, {}};
  for (int depth = 1; depth <= kMaxArrayDepth; ++depth) deep = MetaArray{kArrayType, {deep}};
  expect_value_not_written("a", deep);
}

TEST(GgufWriter, AProducerThatThrowsLeavesTheOldFile) {
  const TempFolder folder;
  write_bytes(folder / "a.gguf", "old");
  TensorSource tensor = source("t", {2}, "");
  tensor.produce = [](const TensorSource::Sink& sink) {
    sink(bytes_of("1234"));
    throw Error(ErrorKind::kUnsupported, "stopped");
  };
  EXPECT_EQ(kind_of([&] { write_gguf(folder / "a.gguf", {}, std::vector{tensor}); }),
            ErrorKind::kUnsupported);
  EXPECT_EQ(read_bytes(folder / "a.gguf"), "old");
}

TEST(GgufWriterDeathTest, DataOfAnotherLengthAreABug) {
  const TempFolder folder;
  const auto write = [&](const std::string& data) {
    write_gguf(folder / "a.gguf", {}, std::vector{source("t", {2}, data)});
  };
  EXPECT_DEATH(write("1234567"), "written == bytes");
  EXPECT_DEATH(write("123456789"), "bytes - written");
}

// Runs `child` in a process of its own and gives its exit code.
template <class Child>
int exit_code_of(Child&& child) {
  const pid_t process = ::fork();
  if (process == 0) ::_exit(child());
  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  EXPECT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

constexpr std::size_t kPieceBytes = std::size_t{2} << 20U;

// Two pieces of 2 MiB: more than any buffer on the way; `between` is called before the second.
TensorSource large_source(std::function<void()> between) {
  return {.name = "t",
          .type = DType::kI8,
          .dims = {2 * kPieceBytes},
          .produce = [between = std::move(between)](const TensorSource::Sink& sink) {
            const std::vector<std::byte> piece(kPieceBytes);
            sink(piece);
            between();
            sink(piece);
          }};
}

TEST(GgufWriter, AKilledWriterLeavesNothing) {
  const TempFolder folder;
  const int unnamed = ::open(folder.path().c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  const int code = exit_code_of([&] {
    write_gguf(folder / "a.gguf", {}, std::vector{large_source([] { ::_exit(42); })});
    return 0;
  });
  EXPECT_EQ(code, 42);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.gguf"));
  if (unnamed < 0) GTEST_SKIP() << "this file system has no unnamed files: a temporary may remain";
  ::close(unnamed);
  EXPECT_EQ(folder.entries(), 0U);
}

TEST(GgufWriter, AFullDiskIsAnErrorAndLeavesTheOldFile) {
  const TempFolder folder;
  write_bytes(folder / "a.gguf", "old");
  const int code = exit_code_of([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = kPieceBytes + 1000, .rlim_max = kPieceBytes + 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    try {
      write_gguf(folder / "a.gguf", {}, std::vector{large_source([] {})});
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kIo ? 42 : 2;
    }
    return 3;
  });
  EXPECT_EQ(code, 42);
  EXPECT_EQ(read_bytes(folder / "a.gguf"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

// Files of other writers, where they are at hand: same metadata, same data after a rewrite.
TEST(GgufWriter, RewritesForeignFilesWithoutLoss) {
  const char* shared = std::getenv("FRUGAL_SHARED");
  const char* sources = std::getenv("FRUGAL_SOURCE_DIR");
  const std::filesystem::path root =
      shared != nullptr ? std::filesystem::path(shared)
                        : std::filesystem::path(sources != nullptr ? sources : ".") / "../shared";
  if (!std::filesystem::is_directory(root / "data")) GTEST_SKIP() << "no folder " << root / "data";
  const TempFolder folder;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "data")) {
    if (entry.path().extension() != ".gguf") continue;
    const auto file = TensorFile::open(entry.path());
    write_gguf(folder / "copy.gguf", file->metadata(), sources_of(*file));
    const auto copy = TensorFile::open(folder / "copy.gguf");
    EXPECT_EQ(copy->metadata().entries(), file->metadata().entries()) << entry.path();
    ASSERT_EQ(copy->tensors().size(), file->tensors().size());
    for (const TensorInfo& tensor : file->tensors()) {
      EXPECT_EQ(text_of(copy->data(*copy->find(tensor.name))), text_of(file->data(tensor)));
    }
    EXPECT_TRUE(read_bytes(folder / "copy.gguf") == read_bytes(entry.path())) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace frugal::format
