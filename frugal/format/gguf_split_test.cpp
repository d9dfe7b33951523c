// Models in several GGUF files.

#include <gtest/gtest.h>

#include "frugal/format/gguf.h"
#include "frugal/format/gguf_for_test.h"

namespace frugal::format {
namespace {

struct Part {
  std::uint16_t number;
  std::uint16_t count = 3;
  std::string tensor;
  std::int32_t tensors = 3;
};

// One part with one tensor of four numbers, each of them the part's number.
void write_part(const std::filesystem::path& path, const Part& part) {
  Metadata metadata;
  if (part.number == 0) metadata.set("general.name", std::string("split"));
  metadata.set("split.no", part.number);
  metadata.set("split.count", part.count);
  metadata.set("split.tensors.count", part.tensors);
  const std::vector<float> values(4, static_cast<float>(part.number));
  const TensorSource source = {
      .name = part.tensor,
      .type = DType::kF32,
      .dims = {4},
      .produce = [&](const TensorSource::Sink& sink) { sink(std::as_bytes(std::span(values))); }};
  write_gguf(path, metadata, std::span(&source, 1));
}

void write_model(const TempFolder& folder) {
  write_part(folder / "m-00001-of-00003.gguf", {.number = 0, .tensor = "a"});
  write_part(folder / "m-00002-of-00003.gguf", {.number = 1, .tensor = "b"});
  write_part(folder / "m-00003-of-00003.gguf", {.number = 2, .tensor = "c"});
}

void expect_fault(const std::filesystem::path& path, ErrorKind kind, std::string_view fragment) {
  try {
    static_cast<void>(TensorFile::open(path));
    ADD_FAILURE() << "opened, expected an Error with: " << fragment;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string_view(error.what()).find(fragment), std::string_view::npos)
        << error.what() << "\nexpected: " << fragment;
  }
}

TEST(GgufSplit, TheFirstPartOpensAll) {
  const TempFolder folder;
  write_model(folder);
  const auto file = TensorFile::open(folder / "m-00001-of-00003.gguf");
  ASSERT_EQ(file->tensors().size(), 3U);
  EXPECT_EQ(file->metadata().get_string("general.name"), "split");
  for (int i = 0; i < 3; ++i) {
    const TensorInfo* tensor = file->find(std::string(1, static_cast<char>('a' + i)));
    ASSERT_NE(tensor, nullptr);
    float value = -1.0F;
    std::memcpy(&value, file->data(*tensor).data(), sizeof value);
    EXPECT_EQ(value, static_cast<float>(i));
  }
  EXPECT_TRUE(file->bytes().empty());
  EXPECT_EQ(file->file_bytes(), std::filesystem::file_size(folder / "m-00001-of-00003.gguf") +
                                    std::filesystem::file_size(folder / "m-00002-of-00003.gguf") +
                                    std::filesystem::file_size(folder / "m-00003-of-00003.gguf"));
}

// What is shown is one model: the keys of the parts would make a copy look like a part again.
TEST(GgufSplit, ACopyIsOneFile) {
  const TempFolder folder;
  write_model(folder);
  const auto file = TensorFile::open(folder / "m-00001-of-00003.gguf");
  EXPECT_EQ(file->metadata().find("split.count"), nullptr);
  copy_gguf(*file, folder / "copy.gguf");
  const auto copy = TensorFile::open(folder / "copy.gguf");
  EXPECT_EQ(copy->metadata().entries(), file->metadata().entries());
  ASSERT_EQ(copy->tensors().size(), 3U);
  for (const TensorInfo& tensor : file->tensors()) {
    EXPECT_EQ(text_of(copy->data(*copy->find(tensor.name))), text_of(file->data(tensor)));
  }
}

TEST(GgufSplit, ACopyOfOneFileIsItsBytes) {
  const TempFolder folder;
  write_part(folder / "m.gguf", {.number = 0, .count = 1, .tensor = "a", .tensors = 1});
  copy_gguf(*TensorFile::open(folder / "m.gguf"), folder / "copy.gguf");
  EXPECT_EQ(read_bytes(folder / "copy.gguf"), read_bytes(folder / "m.gguf"));
}

TEST(GgufSplit, ALaterPartNamesTheFirst) {
  const TempFolder folder;
  write_model(folder);
  expect_fault(
      folder / "m-00002-of-00003.gguf", ErrorKind::kInvalidArgument,
      "is part 2 of 3, expected the first: " + (folder / "m-00001-of-00003.gguf").string());
}

TEST(GgufSplit, AMissingPartIsNotFound) {
  const TempFolder folder;
  write_model(folder);
  std::filesystem::remove(folder / "m-00003-of-00003.gguf");
  expect_fault(folder / "m-00001-of-00003.gguf", ErrorKind::kNotFound, "part 3 of 3 is missing");
}

TEST(GgufSplit, AnotherNameDoesNotTellTheOthers) {
  const TempFolder folder;
  write_model(folder);
  std::filesystem::rename(folder / "m-00001-of-00003.gguf", folder / "m.gguf");
  expect_fault(folder / "m.gguf", ErrorKind::kInvalidArgument, "-00001-of-00003.gguf");
}

TEST(GgufSplit, PartsThatDisagreeAreCorrupt) {
  const TempFolder folder;
  const std::filesystem::path first = folder / "m-00001-of-00003.gguf";
  const std::filesystem::path last = folder / "m-00003-of-00003.gguf";
  write_model(folder);
  write_part(last, {.number = 1, .tensor = "c"});
  expect_fault(first, ErrorKind::kCorrupt, "says it is part 2 of 3, expected part 3 of 3");
  write_part(last, {.number = 2, .count = 4, .tensor = "c"});
  expect_fault(first, ErrorKind::kCorrupt, "says it is part 3 of 4");
  write_part(last, {.number = 2, .tensor = "a"});
  expect_fault(first, ErrorKind::kCorrupt, "tensor 'a': appears more than once");
  write_bytes(last, "GGUF");
  expect_fault(first, ErrorKind::kCorrupt, "m-00003-of-00003.gguf: header");
  write_model(folder);
  write_part(first, {.number = 0, .tensor = "a", .tensors = 4});
  expect_fault(first, ErrorKind::kCorrupt, "3 tensors in 3 parts, expected 4");
  write_part(first, {.number = 3, .tensor = "a"});
  expect_fault(first, ErrorKind::kCorrupt, "'split.no' is 3, expected less than 3");
}

}  // namespace
}  // namespace frugal::format
