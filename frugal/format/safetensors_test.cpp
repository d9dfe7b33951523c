#include "frugal/format/safetensors.h"

#include <gtest/gtest.h>

#include "frugal/format/gguf_for_test.h"
#include "frugal/format/safetensors_for_test.h"

namespace frugal::format {
namespace {

const std::string kEight = "12345678";

Safetensors parse(const HeapBytes& bytes) {
  return parse_safetensors(bytes.get(), "m.safetensors");
}

void expect_fault(std::string_view bytes, ErrorKind kind, std::string_view fragment) {
  const HeapBytes heap(bytes);
  try {
    static_cast<void>(parse(heap));
    ADD_FAILURE() << "accepted, expected an Error with: " << fragment;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(std::string_view(error.what()).rfind("m.safetensors: ", 0), 0U) << error.what();
    EXPECT_NE(std::string_view(error.what()).find(fragment), std::string_view::npos)
        << error.what() << "\nexpected: " << fragment;
  }
}

void expect_corrupt(std::string_view header, std::string_view data, std::string_view fragment) {
  expect_fault(safetensors_bytes(header, data), ErrorKind::kCorrupt, fragment);
}

std::string entry(std::string_view fields) {
  return str("{{\"t\":{{{}}}}}", fields);
}

TEST(Safetensors, ShowsWhatAFileHolds) {
  SafetensorsBuilder builder;
  builder.add("b", "F16", {2, 2}, kEight).add("a", "I64", {}, kEight).add("c", "BOOL", {0, 3}, "");
  const HeapBytes bytes(builder.bytes());
  const Safetensors file = parse(bytes);
  ASSERT_EQ(file.tensors.size(), 3U);
  EXPECT_EQ(file.file_bytes, bytes.get().size());
  const SafeTensor* b = file.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->dtype, "F16");
  EXPECT_EQ(b->type, DType::kF16);
  EXPECT_EQ(b->shape, (std::vector<std::uint64_t>{2, 2}));
  EXPECT_EQ(text_of(b->data), kEight);
  EXPECT_EQ(file.find("a")->type, DType::kI64);
  EXPECT_EQ(file.find("c")->type, std::nullopt);
  EXPECT_TRUE(file.find("c")->data.empty());
  EXPECT_EQ(file.find("d"), nullptr);
}

TEST(Safetensors, AFileWithoutTensorsIsFine) {
  EXPECT_TRUE(parse(HeapBytes(safetensors_bytes("{}", ""))).tensors.empty());
  EXPECT_TRUE(parse(HeapBytes(safetensors_bytes("{}      ", ""))).tensors.empty());
}

TEST(Safetensors, RefusesALengthThatDoesNotFit) {
  expect_fault("", ErrorKind::kCorrupt, "truncated");
  expect_fault("1234567", ErrorKind::kCorrupt, "truncated");
  std::string bytes = safetensors_bytes("{}", "");
  bytes[0] = 3;
  expect_fault(bytes, ErrorKind::kCorrupt, "a header of 3 bytes, expected at most 2");
  bytes[7] = '\x7F';
  expect_fault(bytes, ErrorKind::kCorrupt, "expected at most 2");
}

TEST(Safetensors, RefusesAHeaderAboveTheLimit) {
  const std::string bytes = safetensors_bytes("{}" + std::string(100'000'000, ' '), "");
  expect_fault(bytes, ErrorKind::kCorrupt, "expected at most 100000000");
}

TEST(Safetensors, RefusesEveryTruncation) {
  const std::string whole = SafetensorsBuilder().add("t", "F32", {2}, kEight).bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const HeapBytes cut(whole.substr(0, size));
    EXPECT_EQ(kind_of([&] { static_cast<void>(parse(cut)); }), ErrorKind::kCorrupt) << size;
  }
}

TEST(Safetensors, RefusesWhatIsNotAHeader) {
  expect_corrupt("[]", "", "does not begin with '{'");
  expect_corrupt("{", "", "not JSON");
  expect_corrupt("{} x", "", "not JSON");
  expect_corrupt("{\"\xFF\":{}}", "", "not JSON");
  expect_corrupt(R"({"t":1})", "", "found 1");
  expect_corrupt(R"({"t":[]})", "", "found an array");
  expect_corrupt(R"({"t":{}})", "", "expected dtype, shape and two data_offsets");
  expect_corrupt(R"({"__metadata__":{"a":1}})", "", "__metadata__");
  expect_corrupt(R"({"__metadata__":{"a":{}}})", "", "found an object");
  expect_corrupt(R"({"__metadata__":[]})", "", "found an array");
  expect_corrupt(str("{{\"t\":{}", std::string(100'000, '[')), "", "found an array");
}

TEST(Safetensors, RefusesAnEntryOfAnotherForm) {
  const std::string good = R"("dtype":"F32","shape":[2],"data_offsets":[0,8])";
  expect_corrupt(entry(good + R"(,"extra":1)"), kEight, "'extra': found 1");
  expect_corrupt(entry(good + R"(,"extra":{})"), kEight, "found an object");
  expect_corrupt(entry(good + R"(,"dtype":"F32")"), kEight, "found 'F32'");
  expect_corrupt(entry(good + R"(,"shape":[2])"), kEight, "found an array");
  expect_corrupt(entry(R"("dtype":7,"shape":[2],"data_offsets":[0,8])"), kEight, "found 7");
  expect_corrupt(entry(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), kEight, "found -2");
  expect_corrupt(entry(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), kEight, "found 2.0");
  expect_corrupt(entry(R"("dtype":"F32","shape":[[2]],"data_offsets":[0,8])"), kEight, "an array");
  expect_corrupt(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0])"), kEight, "two");
  expect_corrupt(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"), kEight, "two");
}

TEST(Safetensors, RefusesOffsetsThatDoNotAgree) {
  const auto with = [](std::string_view shape, std::string_view offsets) {
    return entry(str(R"("dtype":"F32","shape":{},"data_offsets":{})", shape, offsets));
  };
  expect_corrupt(with("[2]", "[8,0]"), kEight, "expected them in order");
  expect_corrupt(with("[2]", "[0,9]"), kEight, "at most 8");
  expect_corrupt(with("[2]", "[4,18446744073709551615]"), kEight, "at most 8");
  expect_corrupt(with("[1]", "[0,8]"), kEight, "8 bytes for shape [1] of F32, expected 4");
  expect_corrupt(with("[4294967296,4294967296,4]", "[0,8]"), kEight, "a shape of whole bytes");
  expect_corrupt(with("[1]", "[4,8]"), kEight, "begin at 4, expected 0");
  expect_corrupt(with("[1]", "[0,4]"), kEight, "8 bytes of data, expected 4");
  expect_corrupt(R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},)"
                 R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                 kEight, "tensor 'b': data_offsets begin at 4, expected 5");
}

TEST(Safetensors, RefusesANameGivenTwice) {
  expect_fault(SafetensorsBuilder().add("t", "U8", {1}, "1").add("t", "U8", {1}, "2").bytes(),
               ErrorKind::kCorrupt, "tensor 't': appears more than once");
}

TEST(Safetensors, AnElementTypeOfUnknownNameIsUnsupported) {
  expect_fault(SafetensorsBuilder().add("t", "Q7", {8}, kEight).bytes(), ErrorKind::kUnsupported,
               "dtype 'Q7'");
}

TEST(Safetensors, HalfBytesMustAddUpToWholeOnes) {
  EXPECT_EQ(
      parse(HeapBytes(SafetensorsBuilder().add("t", "F4", {2, 8}, kEight).bytes())).tensors.size(),
      1U);
  expect_fault(SafetensorsBuilder().add("t", "F4", {15}, kEight).bytes(), ErrorKind::kCorrupt,
               "whole bytes");
}

TEST(Safetensors, OpensAFileAndAFolder) {
  const TempFolder folder;
  write_bytes(folder / "model.safetensors",
              SafetensorsBuilder().add("t", "F32", {2}, kEight).bytes());
  for (const auto& path : {folder / "model.safetensors", folder.path()}) {
    const Safetensors file = open_safetensors(path);
    EXPECT_EQ(file.path, path.string());
    EXPECT_EQ(text_of(file.find("t")->data), kEight);
  }
}

void write_parts(const TempFolder& folder, std::string_view map) {
  write_bytes(folder / "1.safetensors",
              SafetensorsBuilder().add("a", "F32", {2}, kEight).add("x", "U8", {1}, "x").bytes());
  write_bytes(folder / "2.safetensors", SafetensorsBuilder().add("b", "F32", {2}, kEight).bytes());
  write_bytes(folder / "model.safetensors.index.json", map);
}

TEST(Safetensors, OpensThePartsThatAnIndexNames) {
  const TempFolder folder;
  write_parts(folder, R"({"metadata":{"total_size":16,"x":[{"weight_map":1}]},)"
                      R"("weight_map":{"b":"2.safetensors","a":"1.safetensors"}})");
  const Safetensors model = open_safetensors(folder.path());
  EXPECT_EQ(model.tensors.size(), 3U);
  EXPECT_EQ(model.owners.size(), 2U);
  EXPECT_NE(model.find("x"), nullptr);  // in a part, if not in the index
}

void expect_index_fault(std::string_view map, ErrorKind kind, std::string_view fragment) {
  const TempFolder folder;
  write_parts(folder, map);
  try {
    static_cast<void>(open_safetensors(folder.path()));
    ADD_FAILURE() << "accepted, expected an Error with: " << fragment;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string_view(error.what()).find(fragment), std::string_view::npos)
        << error.what();
  }
}

TEST(Safetensors, RefusesAnIndexThatDoesNotFit) {
  expect_index_fault("{", ErrorKind::kCorrupt, "not JSON");
  expect_index_fault("[]", ErrorKind::kCorrupt, "no 'weight_map'");
  expect_index_fault(R"({"weight_map":{}})", ErrorKind::kCorrupt, "no 'weight_map'");
  expect_index_fault(R"({"weight_map":{"a":1}})", ErrorKind::kCorrupt, "'a': found 1");
  expect_index_fault(R"({"weight_map":{"a":{}}})", ErrorKind::kCorrupt, "found an object");
  expect_index_fault(R"({"weight_map":{"a":"../1.safetensors"}})", ErrorKind::kCorrupt,
                     "in the same folder");
  expect_index_fault(R"({"weight_map":{"a":"3.safetensors"}})", ErrorKind::kNotFound,
                     "3.safetensors");
  expect_index_fault(R"({"weight_map":{"b":"1.safetensors"}})", ErrorKind::kCorrupt,
                     "no tensor 'b'");
}

TEST(Safetensors, RefusesATensorInTwoParts) {
  const TempFolder folder;
  for (const char* name : {"1.safetensors", "2.safetensors"}) {
    write_bytes(folder / name,
                SafetensorsBuilder().add(name, "U8", {1}, "x").add("twin", "U8", {1}, "x").bytes());
  }
  write_bytes(
      folder / "model.safetensors.index.json",
      R"({"weight_map":{"1.safetensors":"1.safetensors","2.safetensors":"2.safetensors"}})");
  EXPECT_EQ(kind_of([&] { static_cast<void>(open_safetensors(folder.path())); }),
            ErrorKind::kCorrupt);
}

TEST(Safetensors, AFolderWithoutWeightsIsNotFound) {
  const TempFolder folder;
  EXPECT_EQ(kind_of([&] { static_cast<void>(open_safetensors(folder.path())); }),
            ErrorKind::kNotFound);
}

}  // namespace
}  // namespace frugal::format
