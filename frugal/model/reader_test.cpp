#include "frugal/model/reader.h"

#include <gtest/gtest.h>

#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

using test::TinyModel;

// A reader of a small file, and the file.
struct Opened {
  explicit Opened(const TinyModel& tiny) : model(load_tiny(tiny)), reader(*model.file, "llama") {}
  Model model;
  Reader reader;
};

template <class Read>
void expect_corrupt(const Read& read, const std::string& part) {
  try {
    (void)read();
    ADD_FAILURE() << "it was read, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Reader, ASizeIsFromOneToItsLimit) {
  const Opened file(with_key({}, "llama.some", std::uint64_t{12}));
  EXPECT_EQ(file.reader.size("some"), 12U);
  EXPECT_EQ(file.reader.size("some", 12), 12U);
  expect_corrupt([&] { return file.reader.size("some", 11); },
                 "key 'llama.some' is 12, expected 1 to 11");
  expect_corrupt([&] { return file.reader.size("none"); },
                 "no key 'llama.none', expected a number");
}

TEST(Reader, AFallbackStandsForAnAbsentKeyAndNotForABadOne) {
  const Opened file(with_key({}, "llama.zero", std::uint32_t{0}));
  EXPECT_EQ(file.reader.size_or("none", 7), 7U);
  expect_corrupt([&] { return file.reader.size_or("zero", 7); }, "is 0, expected 1 to");
  EXPECT_EQ(file.reader.count_or("zero", 7), 0U) << "a count may be none";
  EXPECT_EQ(file.reader.count_or("none", 7), 7U);
}

TEST(Reader, ANegativeNumberIsNoSize) {
  const Opened file(with_key({}, "llama.some", std::int32_t{-3}));
  expect_corrupt([&] { return file.reader.size("some"); }, "llama.some");
}

TEST(Reader, NumbersAreFiniteAndAboveZeroOrNotBelowIt) {
  TinyModel tiny = with_key({}, "llama.zero", 0.0F);
  tiny = with_key(tiny, "llama.less", -0.5F);
  tiny = with_key(tiny, "llama.endless", std::numeric_limits<float>::infinity());
  tiny = with_key(tiny, "llama.beyond", 1e300);
  const Opened file(tiny);
  EXPECT_EQ(file.reader.non_negative_or("zero", 2.0F), 0.0F);
  EXPECT_EQ(file.reader.positive_or("none", 2.0F), 2.0F);
  for (const char* key : {"zero", "less", "endless", "beyond"}) {
    expect_corrupt([&] { return file.reader.positive_or(key, 2.0F); }, key);
  }
  expect_corrupt([&] { return file.reader.non_negative_or("less", 2.0F); }, "'llama.less' is -0.5");
}

TEST(Reader, AMatrixHasTwoDimensionsAndExactlyItsShape) {
  const Opened file({});
  EXPECT_EQ(file.reader.weight("blk.0.ffn_up.weight", 96, 64).row_bytes, 256U);
  expect_corrupt([&] { return file.reader.weight("blk.0.ffn_up.weight", 64, 96); },
                 "'blk.0.ffn_up.weight' is [64, 96], expected [96, 64]");
}

TEST(Reader, EveryMessageBeginsWithTheFile) {
  const Opened file({});
  expect_corrupt([&] { return file.reader.tensor("none"); },
                 file.model.file->path() + ": no tensor 'none'");
}

}  // namespace
}  // namespace frugal::model
