#include "frugal/compress/rounded_store.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "tests/support/temp_folder.h"

namespace frugal::compress {
namespace {

class RoundedStoreTest : public ::testing::Test {
 protected:
  static std::vector<std::byte> rows(std::size_t count) {
    std::vector<std::byte> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::byte>(i * 7));
    return out;
  }
  void fill() const {
    RoundedStore store(path_, "key");
    store.add(first_, rows(100));
    store.add(second_, rows(0));
  }
  void replace(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  static ErrorKind kind_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorKind::kIo;
  }

  test::TempFolder folder_;
  std::filesystem::path path_ = folder_ / "out.rounded";
  RoundedRecord first_{.tensor = "blk.0.ffn_up.weight",
                       .type = DType::kQ4_K,
                       .fed_back = true,
                       .loss_plain = 0.1,
                       .loss_fed_back = 1.0 / 3.0,
                       .damping = 0.01,
                       .dead = 2,
                       .zeros = 12345678901234};
  RoundedRecord second_{.tensor = "b",
                        .type = DType::kQ3_K,
                        .loss_fed_back = std::numeric_limits<double>::infinity()};
};

TEST_F(RoundedStoreTest, WhatWasAddedIsThereAgain) {
  fill();
  const RoundedStore store(path_, "key");
  EXPECT_EQ(store.records(), (std::vector{first_, second_}));
  EXPECT_EQ(store.read(first_.tensor), rows(100));
  EXPECT_EQ(store.read("b"), rows(0));
  EXPECT_EQ(store.find("c"), nullptr);
}

TEST_F(RoundedStoreTest, AnotherKeyBeginsAnew) {
  fill();
  const RoundedStore store(path_, "other");
  EXPECT_TRUE(store.records().empty());
}

// A kill or a full disk may cut the file anywhere; a disk may change any byte.
TEST_F(RoundedStoreTest, EveryCutAndEveryChangedByteKeepsWhatIsWholeBeforeIt) {
  fill();
  const std::string whole = read_text_file(path_);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    replace(whole.substr(0, size));
    RoundedStore store(path_, "key");
    EXPECT_LE(store.records().size(), size < whole.size() ? 1U : 2U);
    if (size % 64 != 0 || store.find(second_.tensor) != nullptr) continue;  // the disk is slow
    store.add(second_, rows(5));
    EXPECT_EQ(store.read(second_.tensor), rows(5));
  }
  for (std::size_t at = 8; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 64);
    replace(changed);
    const RoundedStore store(path_, "key");
    EXPECT_LE(store.records().size(), 1U) << at;
  }
}

TEST_F(RoundedStoreTest, NoticesWhenTheRowsChangeLater) {
  fill();
  const RoundedStore store(path_, "key");
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(60);
  file << "changed";
  file.close();
  EXPECT_EQ(kind_of([&] { (void)store.read(first_.tensor); }), ErrorKind::kCorrupt);
}

TEST_F(RoundedStoreTest, LeavesOtherFilesAlone) {
  replace("somebody's diary");
  EXPECT_EQ(kind_of([&] { RoundedStore(path_, "key"); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(read_text_file(path_), "somebody's diary");
  EXPECT_EQ(kind_of([&] { RoundedStore(folder_ / "none" / "x", "key"); }), ErrorKind::kNotFound);
}

TEST_F(RoundedStoreTest, OneJobAtATime) {
  const RoundedStore store(path_, "key");
  EXPECT_EQ(kind_of([&] { RoundedStore(path_, "key"); }), ErrorKind::kPermission);
}

TEST_F(RoundedStoreTest, IsGoneAtTheEnd) {
  fill();
  RoundedStore(path_, "key").remove();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace frugal::compress
