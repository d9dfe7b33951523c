#include "frugal/compress/imatrix.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/format/gguf.h"
#include "tests/support/temp_folder.h"

namespace frugal::compress {
namespace {

using format::TensorInfo;
using test::TempFolder;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Imatrix example() {
  Imatrix imatrix;
  imatrix.tensors["blk.0.ffn_up.weight"] = {.sum2 = {8.0F, 0.0F, 2.0F}, .counts = {4.0}};
  imatrix.tensors["blk.0.ffn_down_exps.weight"] = {
      .sum2 = {3.0F, 6.0F, 0.0F, 0.0F}, .counts = {3.0, 0.0}, .sum = {1.0F, -2.0F, 0.0F, 0.0F}};
  imatrix.datasets = {"first.txt", "second.txt"};
  imatrix.chunk_count = 7;
  imatrix.chunk_size = 512;
  return imatrix;
}

TensorInfo tensor(std::string name, std::vector<std::uint64_t> dims) {
  TensorInfo info;
  info.name = std::move(name);
  info.dims = std::move(dims);
  return info;
}

class Bytes {
 public:
  template <class T>
  Bytes& put(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    text.append(raw, sizeof(T));
    return *this;
  }
  Bytes& name(std::string_view value) {
    put(static_cast<std::int32_t>(value.size()));
    text += value;
    return *this;
  }
  std::string text;
};

Bytes legacy() {
  Bytes bytes;
  bytes.put(std::int32_t{1}).name("blk.0.ffn_up.weight");
  bytes.put(std::int32_t{10}).put(std::int32_t{2}).put(5.0F).put(0.5F);
  return bytes;
}

Imatrix parse(const std::string& text) {
  // A block of exactly this size, so that a sanitizer sees a read past the end.
  const auto* from = reinterpret_cast<const std::byte*>(text.data());
  const std::vector<std::byte> exact(from, from + text.size());
  return imatrix_from_bytes(exact, "m.imatrix");
}

void expect_refused(const std::function<void()>& act, ErrorKind kind, std::string_view part) {
  try {
    act();
    ADD_FAILURE() << "accepted, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Imatrix, ComesBackAsItWasWritten) {
  const TempFolder folder;
  const Imatrix written = example();
  write_imatrix(folder / "i.gguf", written);
  const Imatrix read = read_imatrix(folder / "i.gguf");
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (const auto& [name, sums] : written.tensors) {
    EXPECT_EQ(read.tensors.at(name).sum2, sums.sum2);
    EXPECT_EQ(read.tensors.at(name).counts, sums.counts);
    EXPECT_EQ(read.tensors.at(name).sum, sums.sum);
  }
  EXPECT_EQ(read.datasets, written.datasets);
  EXPECT_EQ(read.chunk_count, 7U);
  EXPECT_EQ(read.chunk_size, 512U);
}

// The layout that llama-quantize looks for.
TEST(Imatrix, IsAGgufFileWithTheNamesOfLlamaCpp) {
  const TempFolder folder;
  write_imatrix(folder / "i.gguf", example());
  const auto file = format::TensorFile::open(folder / "i.gguf");
  EXPECT_EQ(file->metadata().get_string("general.type"), "imatrix");
  const TensorInfo* sums = file->find("blk.0.ffn_down_exps.weight.in_sum2");
  const TensorInfo* counts = file->find("blk.0.ffn_down_exps.weight.counts");
  ASSERT_NE(sums, nullptr);
  ASSERT_NE(counts, nullptr);
  EXPECT_EQ(sums->dims, (std::vector<std::uint64_t>{2, 2}));
  EXPECT_EQ(counts->dims, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(sums->type, DType::kF32);
  EXPECT_NE(file->find("blk.0.ffn_down_exps.weight.in_sum"), nullptr);
  EXPECT_EQ(file->find("blk.0.ffn_up.weight.in_sum"), nullptr);
}

TEST(Imatrix, ReadsTheOlderFormWithAndWithoutItsEnd) {
  Bytes bytes = legacy();
  Imatrix imatrix = parse(bytes.text);
  const InputSums& sums = imatrix.tensors.at("blk.0.ffn_up.weight");
  EXPECT_EQ(sums.sum2, (std::vector<float>{5.0F, 0.5F}));
  EXPECT_EQ(sums.counts, (std::vector<double>{10.0}));
  EXPECT_FALSE(imatrix.chunk_count.has_value());
  bytes.put(std::int32_t{10}).name("text.txt");
  imatrix = parse(bytes.text);
  EXPECT_EQ(imatrix.chunk_count, 10U);
  EXPECT_EQ(imatrix.datasets, (std::vector<std::string>{"text.txt"}));
  EXPECT_FALSE(imatrix.chunk_size.has_value()) << "the file does not say";
}

TEST(Imatrix, EveryTruncationOfTheOlderFormIsRefusedOrWhole) {
  Bytes bytes = legacy();
  const std::size_t whole = bytes.text.size();
  bytes.put(std::int32_t{10}).name("text.txt");
  for (std::size_t size = 0; size < bytes.text.size(); ++size) {
    const std::string cut = bytes.text.substr(0, size);
    if (size == whole || size == whole + 4) {
      EXPECT_NO_THROW(static_cast<void>(parse(cut))) << size;
    } else {
      expect_refused([&] { static_cast<void>(parse(cut)); }, ErrorKind::kCorrupt, "m.imatrix: ");
    }
  }
}

TEST(Imatrix, RefusesLengthsThatTheFileCannotHold) {
  for (const std::int32_t bad : {-1, 1000, std::numeric_limits<std::int32_t>::max()}) {
    for (const std::size_t at : {0UL, 4UL, 31UL}) {  // entries, length of the name, values
      Bytes bytes = legacy();
      std::memcpy(bytes.text.data() + at, &bad, sizeof bad);
      expect_refused([&] { static_cast<void>(parse(bytes.text)); }, ErrorKind::kCorrupt, "byte ");
    }
  }
}

TEST(Imatrix, RefusesSumsAndCountsThatAreNoNumbers) {
  const TempFolder folder;
  for (const float bad : {kNaN, kInfinity, -1.0F}) {
    Imatrix imatrix = example();
    imatrix.tensors["blk.0.ffn_up.weight"].sum2[1] = bad;
    write_imatrix(folder / "i.gguf", imatrix);
    expect_refused([&] { static_cast<void>(read_imatrix(folder / "i.gguf")); }, ErrorKind::kCorrupt,
                   "tensor 'blk.0.ffn_up.weight': sum 1 is ");
    imatrix = example();
    imatrix.tensors["blk.0.ffn_up.weight"].counts[0] = static_cast<double>(bad);
    write_imatrix(folder / "i.gguf", imatrix);
    expect_refused([&] { static_cast<void>(read_imatrix(folder / "i.gguf")); }, ErrorKind::kCorrupt,
                   "count 0 is ");
  }
}

void write_tensors(const std::filesystem::path& path, const std::vector<TensorInfo>& tensors) {
  std::vector<format::TensorSource> sources;
  for (const TensorInfo& info : tensors) {
    sources.push_back(
        {.name = info.name,
         .type = info.type,
         .dims = info.dims,
         .produce = [&info](const format::TensorSource::Sink& sink) {
           sink(std::vector<std::byte>(info.rows() * row_bytes(info.type, info.cols()).value()));
         }});
  }
  format::write_gguf(path, {}, sources);
}

TEST(Imatrix, RefusesSumsThatDoNotFitTheirCounts) {
  const TempFolder folder;
  const auto path = folder / "i.gguf";
  const auto read = [&] { static_cast<void>(read_imatrix(path)); };
  write_tensors(path, {tensor("a.in_sum2", {3})});
  expect_refused(read, ErrorKind::kCorrupt, "expected 'a.counts'");
  write_tensors(path, {tensor("a.in_sum2", {3}), tensor("a.counts", {1, 2})});
  expect_refused(read, ErrorKind::kCorrupt, "3 sums for 2 counts");
  write_tensors(path, {tensor("a.in_sum2", {3}), tensor("a.counts", {1}), tensor("a.in_sum", {4})});
  expect_refused(read, ErrorKind::kCorrupt, "expected as many as squares");
  TensorInfo half = tensor("a.in_sum2", {3});
  half.type = DType::kF16;
  write_tensors(path, {half, tensor("a.counts", {1})});
  expect_refused(read, ErrorKind::kCorrupt, "has type F16, expected F32");
}

TEST(Imatrix, RefusesAFileOfAnotherKind) {
  const TempFolder folder;
  const auto read = [&] { static_cast<void>(read_imatrix(folder / "f")); };
  expect_refused(read, ErrorKind::kNotFound, "f");
  write_tensors(folder / "f", {tensor("blk.0.ffn_up.weight", {3})});
  expect_refused(read, ErrorKind::kInvalidArgument, "expected an imatrix");
  format::Metadata metadata;
  metadata.set("general.type", std::string("model"));
  format::write_gguf(folder / "f", metadata, {});
  expect_refused(read, ErrorKind::kInvalidArgument, "general.type is 'model'");
  AtomicFile text(folder / "f");
  text.write("once upon a time there was no imatrix");
  text.commit();
  expect_refused(read, ErrorKind::kCorrupt, "or a GGUF file");
}

TEST(Importance, IsTheMeanSquareOfEachColumn) {
  const Importance importance(example());
  const auto weights = importance.find(tensor("blk.0.ffn_up.weight", {3, 10}));
  EXPECT_EQ(std::vector<float>(weights.values.begin(), weights.values.end()),
            (std::vector<float>{2.0F, 0.0F, 0.5F}));
  EXPECT_TRUE(weights.why_none.empty());
}

TEST(Importance, OfAnExpertWithoutInputIsOneAmongOthers) {
  const Importance importance(example());
  const auto weights = importance.find(tensor("blk.0.ffn_down_exps.weight", {2, 5, 2}));
  EXPECT_EQ(std::vector<float>(weights.values.begin(), weights.values.end()),
            (std::vector<float>{1.0F, 2.0F, 1.0F, 1.0F}));
}

TEST(Importance, SaysWhyThereIsNone) {
  Imatrix imatrix = example();
  imatrix.tensors["dead"] = {.sum2 = {0.0F, 0.0F}, .counts = {0.0}};
  imatrix.tensors["zeros"] = {.sum2 = {0.0F, 0.0F}, .counts = {8.0}};
  const Importance importance(imatrix, "i.gguf");
  const auto absent = importance.find(tensor("blk.9.ffn_up.weight", {3, 1}));
  EXPECT_TRUE(absent.values.empty());
  EXPECT_EQ(absent.why_none, "is not in the imatrix");
  const auto dead = importance.find(tensor("dead", {2, 1}));
  EXPECT_TRUE(dead.values.empty());
  EXPECT_EQ(dead.why_none, "saw no input");
  EXPECT_EQ(importance.find(tensor("zeros", {2, 1})).values[0], 1.0F);
}

TEST(Importance, RefusesTheSumsOfAnotherModel) {
  const Importance importance(example(), "i.gguf");
  expect_refused(
      [&] {
        static_cast<void>(importance.find(tensor("blk.0.ffn_up.weight", {4, 10})));
      },
      ErrorKind::kInvalidArgument,
      "i.gguf: 3 weights for tensor 'blk.0.ffn_up.weight', expected 4");
}

}  // namespace
}  // namespace frugal::compress
