#include "frugal/compress/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "frugal/base/error.h"
#include "frugal/tensor/codec.h"
#include "frugal/tensor/half.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

using format::TensorFile;
using format::TensorInfo;
using test::TempFolder;
using test::TinyModel;
using test::write_tiny_model;

TEST(Quantize, StoresEveryMatrixAsTheReferenceRoundingOfItsRows) {
  const TempFolder folder;
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", {}));
  for (const DType type : {DType::kQ8_0, DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1,
                           DType::kF16, DType::kBF16}) {
    const QuantizeResult result =
        quantize(*source, folder / "q.gguf", {.type = type, .threads = 3, .progress = {}});
    const auto file = TensorFile::open(folder / "q.gguf");
    ASSERT_EQ(file->tensors().size(), source->tensors().size());
    std::size_t rounded = 0;
    std::uint64_t bytes = 0;
    for (const TensorInfo& tensor : file->tensors()) {
      bytes += tensor.bytes;
      const TensorInfo& from = *source->find(tensor.name);
      EXPECT_EQ(tensor.dims, from.dims);
      if (from.dims.size() == 1) {
        EXPECT_EQ(tensor.type, DType::kF32) << tensor.name;
        EXPECT_EQ(std::memcmp(file->data(tensor).data(), source->data(from).data(), from.bytes), 0);
        continue;
      }
      ++rounded;
      ASSERT_EQ(tensor.type, type) << tensor.name;
      std::vector<float> row(tensor.cols());
      std::vector<std::byte> want(row_bytes(type, tensor.cols()).value());
      for (std::size_t r = 0; r < tensor.rows(); ++r) {
        decode_row(DType::kF32, source->data(from).data() + (r * tensor.cols() * 4), row);
        encode_row(type, row, want.data());
        ASSERT_EQ(
            std::memcmp(file->data(tensor).data() + (r * want.size()), want.data(), want.size()), 0)
            << tensor.name << " row " << r;
      }
    }
    EXPECT_EQ(result.converted, rounded);
    EXPECT_EQ(result.bytes_after, bytes);
    EXPECT_TRUE(result.fallbacks.empty());
  }
}

TEST(Quantize, KeepsAllMetadataAndSaysTheNewType) {
  const TempFolder folder;
  TinyModel tiny;
  tiny.edit_metadata = [](format::Metadata& meta) {
    meta.set("somebody.else.key", std::string("kept"));
  };
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", tiny));
  quantize(*source, folder / "q.gguf", {.type = DType::kQ4_0, .threads = 1, .progress = {}});
  const auto file = TensorFile::open(folder / "q.gguf");
  for (const format::MetaEntry& entry : source->metadata().entries()) {
    if (entry.key == "general.file_type") continue;
    const format::MetaValue* kept = file->metadata().find(entry.key);
    ASSERT_NE(kept, nullptr) << entry.key;
    EXPECT_EQ(*kept, entry.value) << entry.key;
  }
  EXPECT_EQ(file->metadata().get_uint("general.file_type"), 2U);
  EXPECT_EQ(file->metadata().get_uint("general.quantization_version"), 2U);
}

TEST(Quantize, RowsThatAreNoMultipleOfTheBlockBecomeF16AndAreListed) {
  const TempFolder folder;
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", {.feed_forward = 100}));
  const QuantizeResult result =
      quantize(*source, folder / "q.gguf", {.type = DType::kQ8_0, .threads = 1, .progress = {}});
  EXPECT_EQ(result.fallbacks,
            (std::vector<std::string>{"blk.0.ffn_down.weight", "blk.1.ffn_down.weight"}));
  const auto file = TensorFile::open(folder / "q.gguf");
  EXPECT_EQ(file->find("blk.0.ffn_down.weight")->type, DType::kF16);
  EXPECT_EQ(file->find("blk.0.ffn_up.weight")->type, DType::kQ8_0);
}

void expect_refused(float value, DType type, std::string_view part) {
  const TempFolder folder;
  TinyModel tiny;
  tiny.edit = [value](const std::string& name, std::span<float> values) {
    if (name == "blk.1.ffn_up.weight") values[(5 * 64) + 9] = value;
  };
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", tiny));
  try {
    quantize(*source, folder / "q.gguf", {.type = type, .threads = 2, .progress = {}});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("'blk.1.ffn_up.weight': row 5, column 9"),
              std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "q.gguf")) << "nothing half-written";
}

TEST(Quantize, NamesAWeightThatIsNoNumberOrDoesNotFit) {
  expect_refused(std::numeric_limits<float>::quiet_NaN(), DType::kQ8_0, "nan");
  expect_refused(std::numeric_limits<float>::infinity(), DType::kQ4_0, "inf");
  expect_refused(70000.0F, DType::kF16, "65504");
  expect_refused(1e7F, DType::kQ8_0, "for Q8_0");
  expect_refused(-66000.0F, DType::kQ4_1, "from within 65504 of 0");
  expect_refused(15.1F * 65504.0F, DType::kQ4_1, "at most 982560 above for Q4_1");
  expect_refused(31.1F * 65504.0F, DType::kQ5_1, "for Q5_1");
  expect_refused(std::numeric_limits<float>::quiet_NaN(), DType::kQ5_1, "nan");
}

// What is shown of several files, or of a folder, lies in no one file.
TEST(Quantize, TakesTensorsThatLieInNoFile) {
  const TempFolder folder;
  const std::vector<std::uint16_t> values(64, float_to_bfloat(1.5F));
  const auto bytes = std::as_bytes(std::span(values));
  format::TensorFileParts parts;
  parts.path = (folder / "none").string();
  parts.tensors.push_back({.name = "output.weight",
                           .type = DType::kBF16,
                           .dims = {32, 2},
                           .offset = 0,
                           .bytes = bytes.size(),
                           .data = bytes.data()});
  const TensorFile source(std::move(parts));
  for (const DType type : {DType::kF16, DType::kF32, DType::kBF16, DType::kQ8_0}) {
    quantize(source, folder / "q.gguf", {.type = type, .threads = 2, .progress = {}});
    const auto file = TensorFile::open(folder / "q.gguf");
    const TensorInfo& tensor = file->tensors().at(0);
    EXPECT_EQ(tensor.type, type);
    std::vector<float> row(32);
    decode_row(type, file->data(tensor).data(), row);
    EXPECT_NEAR(row[31], 1.5F, 1e-3F);
  }
}

// 14 times the largest half above a small minimum: the scale is a finite half.
TEST(Quantize, ALargeNumberFitsWhereTheMinimumIsStored) {
  const TempFolder folder;
  TinyModel tiny;
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name == "blk.1.ffn_up.weight") values[9] = 14.0F * 65504.0F;
  };
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", tiny));
  EXPECT_NO_THROW(
      quantize(*source, folder / "q.gguf", {.type = DType::kQ4_1, .threads = 1, .progress = {}}));
}

TEST(Quantize, RefusesToReplaceItsOwnInput) {
  const TempFolder folder;
  const auto path = write_tiny_model(folder / "m.gguf", {});
  const auto source = TensorFile::open(path);
  EXPECT_THROW(quantize(*source, path, {}), Error);
}

TEST(Quantize, TellsProgressUpToTheEndAndStopsWhenAsked) {
  const TempFolder folder;
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", {}));
  std::uint64_t last = 0;
  QuantizeOptions options;
  options.progress = [&](const ProgressUpdate& update) {
    EXPECT_GE(update.done, last);
    EXPECT_LE(update.done, update.total);
    last = update.done;
  };
  const QuantizeResult result = quantize(*source, folder / "q.gguf", options);
  EXPECT_EQ(last, result.bytes_before);
  options.progress = [](const ProgressUpdate& /*update*/) { throw std::runtime_error("stop"); };
  EXPECT_THROW(quantize(*source, folder / "stopped.gguf", options), std::runtime_error);
  EXPECT_FALSE(std::filesystem::exists(folder / "stopped.gguf"));
}

}  // namespace
}  // namespace frugal::compress
