#include "frugal/compress/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
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
        quantize(*source, folder / "q.gguf", {.type = type, .threads = 3});
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
  quantize(*source, folder / "q.gguf", {.type = DType::kQ4_0, .threads = 1});
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
      quantize(*source, folder / "q.gguf", {.type = DType::kQ8_0, .threads = 1});
  ASSERT_EQ(result.fallbacks.size(), 2U);
  EXPECT_EQ(result.fallbacks[0].tensor, "blk.0.ffn_down.weight");
  EXPECT_EQ(result.fallbacks[1].tensor, "blk.1.ffn_down.weight");
  EXPECT_EQ(result.fallbacks[1].wanted, DType::kQ8_0);
  EXPECT_EQ(result.fallbacks[1].stored, DType::kF16);
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
    quantize(*source, folder / "q.gguf", {.type = type, .threads = 2});
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
  expect_refused(std::numeric_limits<float>::infinity(), DType::kBF16, "inf");
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
    quantize(source, folder / "q.gguf", {.type = type, .threads = 2});
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
  EXPECT_NO_THROW(quantize(*source, folder / "q.gguf", {.type = DType::kQ4_1, .threads = 1}));
}

// 64 columns: nothing in blocks of 256 fits, so types fall back, here from Q4_K and Q6_K.
TEST(Quantize, AMixtureFallsBackWhereRowsDoNotFitItsBlocks) {
  const TempFolder folder;
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", {}));
  const QuantizeResult result =
      quantize(*source, folder / "q.gguf", {.mixture = find_mixture("Q4_K_M"), .threads = 2});
  const auto file = TensorFile::open(folder / "q.gguf");
  EXPECT_EQ(file->find("blk.0.attn_q.weight")->type, DType::kQ5_0);
  EXPECT_EQ(file->find("output.weight")->type, DType::kQ8_0);
  EXPECT_EQ(file->metadata().get_uint("general.file_type"), 15U);
  EXPECT_EQ(result.fallbacks.size() + result.converted, 16U);
  EXPECT_EQ(result.fallbacks.front().wanted, DType::kQ4_K);
}

TinyModel wide() {
  TinyModel tiny;
  tiny.embedding = 256;
  tiny.heads = 8;
  tiny.layers = 1;
  tiny.feed_forward = 256;
  return tiny;
}

double error_of(const TensorFile& file, const TensorFile& source, const std::string& name,
                std::span<const float> weights) {
  const TensorInfo& to = *file.find(name);
  const TensorInfo& from = *source.find(name);
  std::vector<float> a(from.cols());
  std::vector<float> b(from.cols());
  double sum = 0.0;
  for (std::size_t r = 0; r < from.rows(); ++r) {
    decode_row(from.type, source.data(from).data() + (r * from.bytes / from.rows()), a);
    decode_row(to.type, file.data(to).data() + (r * to.bytes / to.rows()), b);
    for (std::size_t c = 0; c < a.size(); ++c) {
      const double rest = static_cast<double>(a[c]) - static_cast<double>(b[c]);
      sum += static_cast<double>(weights[c]) * rest * rest;
    }
  }
  return sum;
}

TEST(Quantize, ImportanceLowersTheErrorWhereItCountsAndIsNotedInTheFile) {
  const TempFolder folder;
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", wide()));
  std::vector<float> weights(256);
  for (std::size_t c = 0; c < weights.size(); ++c) weights[c] = c % 16 == 3 ? 100.0F : 0.5F;
  Imatrix imatrix;
  imatrix.tensors["blk.0.ffn_up.weight"] = {.sum2 = weights, .counts = {1.0}};
  imatrix.tensors["blk.0.attn_q.weight"] = {.sum2 = weights, .counts = {0.0}};
  imatrix.datasets = {"text.txt"};
  const Importance importance(imatrix, "i.gguf");
  quantize(*source, folder / "plain.gguf", {.type = DType::kQ3_K});
  const QuantizeResult result =
      quantize(*source, folder / "q.gguf", {.type = DType::kQ3_K, .importance = &importance});
  const auto plain = TensorFile::open(folder / "plain.gguf");
  const auto file = TensorFile::open(folder / "q.gguf");
  EXPECT_LT(error_of(*file, *source, "blk.0.ffn_up.weight", weights),
            0.8 * error_of(*plain, *source, "blk.0.ffn_up.weight", weights));
  EXPECT_EQ(file->metadata().get_string("quantize.imatrix.file"), "i.gguf");
  EXPECT_EQ(file->metadata().get_string("quantize.imatrix.dataset"), "text.txt");
  const auto q =
      std::find_if(result.unweighted.begin(), result.unweighted.end(),
                   [](const Unweighted& u) { return u.tensor == "blk.0.attn_q.weight"; });
  ASSERT_NE(q, result.unweighted.end());
  EXPECT_EQ(q->why, "saw no input");
  EXPECT_EQ(result.unweighted.size(), result.converted - 1);
}

TEST(Quantize, BytesDependNeitherOnThreadsNorOnInstructionSets) {
  const TempFolder folder;
  const auto source = TensorFile::open(write_tiny_model(folder / "m.gguf", wide()));
  const Mixture* mixture = find_mixture("q2_k");
  quantize(*source, folder / "a.gguf", {.mixture = mixture, .threads = 1});
  quantize(*source, folder / "b.gguf",
           {.mixture = mixture, .kernels = kernels::runnable_kernels().front(), .threads = 3});
  const auto a = TensorFile::open(folder / "a.gguf");
  const auto b = TensorFile::open(folder / "b.gguf");
  ASSERT_EQ(a->bytes().size(), b->bytes().size());
  EXPECT_EQ(std::memcmp(a->bytes().data(), b->bytes().data(), a->bytes().size()), 0);
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
