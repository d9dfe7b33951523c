#include "frugal/train/token_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>

#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

using Ids = std::vector<text::TokenId>;

struct Sample {
  Ids ids;
  std::vector<std::uint8_t> mask = {};
  std::uint32_t prefix = 0;
  std::uint32_t group = 0;
  std::vector<std::int32_t> labels = {};

  [[nodiscard]] DocumentDraft draft() const { return {ids, mask, prefix, group, labels}; }
};

std::vector<Sample> samples() {
  return {{.ids = {5, 6, 7, 8, 9}, .mask = {1, 0, 1, 1, 0}},
          {.ids = {1, 2, 3, 40}, .prefix = 2, .group = 9, .labels = {-4, 1 << 30}},
          {.ids = {1, 2, 50}, .mask = {0, 0, 0}, .prefix = 2, .group = 9},
          {.ids = {99}},
          {.ids = Ids(17, 3), .labels = {1}}};
}

class TokenStoreTest : public ::testing::Test {
 protected:
  void write(const std::vector<Sample>& documents, std::uint64_t vocabulary = 100) const {
    TokenStoreWriter writer(path_, vocabulary);
    for (const Sample& document : documents) writer.add(document.draft());
    writer.commit();
  }
  [[nodiscard]] std::string bytes() const { return read_text_file(path_); }

  test::TempFolder folder_;
  std::filesystem::path path_ = folder_ / "a.tokens";
};

std::shared_ptr<const TokenStore> from(const std::string& bytes) {
  return TokenStore::from_bytes(std::as_bytes(std::span(bytes.data(), bytes.size())), "bytes");
}

ErrorKind kind_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& fault) {
    return fault.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::kIo;
}

std::string renewed(std::string bytes) {
  const auto content = std::as_bytes(std::span(bytes.data(), bytes.size() - 4));
  const std::uint32_t checksum = crc32c(content);
  std::memcpy(bytes.data() + bytes.size() - 4, &checksum, 4);
  return bytes;
}

void expect_same(const StoredDocument& found, const Sample& want) {
  ASSERT_EQ(found.length(), want.ids.size());
  EXPECT_EQ(found.prefix(), want.prefix);
  EXPECT_EQ(found.group(), want.group);
  for (std::uint32_t at = 0; at < found.length(); ++at) {
    EXPECT_EQ(found.id(at), want.ids[at]);
    const bool can_count = at > 0 && at >= want.prefix;
    EXPECT_EQ(found.counts(at), can_count && (want.mask.empty() || want.mask[at] != 0)) << at;
  }
  ASSERT_EQ(found.label_count(), want.labels.size());
  for (std::uint32_t i = 0; i < found.label_count(); ++i) EXPECT_EQ(found.label(i), want.labels[i]);
}

TEST_F(TokenStoreTest, GivesBackWhatWasWritten) {
  for (const std::uint64_t vocabulary : {100U, 65'536U, 65'537U, 200'000U}) {
    std::vector<Sample> documents = samples();
    documents.push_back({.ids = {static_cast<text::TokenId>(vocabulary - 1), 0}});
    write(documents, vocabulary);
    const auto store = TokenStore::open(path_);
    EXPECT_EQ(store->vocabulary_size(), vocabulary);
    ASSERT_EQ(store->documents(), documents.size());
    EXPECT_EQ(store->tokens(), 32U);
    EXPECT_EQ(store->targets(), 2U + 2U + 0U + 0U + 16U + 1U);
    for (std::size_t i = 0; i < documents.size(); ++i) {
      SCOPED_TRACE(i);
      expect_same(store->document(i), documents[i]);
    }
  }
}

TEST_F(TokenStoreTest, AnEmptyStoreIsOne) {
  write({});
  const auto store = TokenStore::open(path_);
  EXPECT_EQ(store->documents(), 0U);
  EXPECT_EQ(store->tokens(), 0U);
}

TEST_F(TokenStoreTest, NothingAppearsBeforeCommit) {
  TokenStoreWriter writer(path_, 10);
  const Ids ids = {1, 2};
  writer.add({.ids = ids});
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(TokenStoreTest, TakesTwoBytesForAnIdOfASmallVocabulary) {
  write({{.ids = Ids(1000, 1)}}, 65'536);
  const auto small = std::filesystem::file_size(path_);
  write({{.ids = Ids(1000, 1)}}, 65'537);
  EXPECT_EQ(std::filesystem::file_size(path_) - small, 2000U);
}

TEST_F(TokenStoreTest, RefusesDocumentsThatContradictThemselves) {
  TokenStoreWriter writer(path_, 100);
  const auto refused = [&](const Sample& sample) {
    return kind_of([&] { writer.add(sample.draft()); }) == ErrorKind::kInvalidArgument;
  };
  EXPECT_TRUE(refused({.ids = {}}));
  EXPECT_TRUE(refused({.ids = {100}}));
  EXPECT_TRUE(refused({.ids = {-1}}));
  EXPECT_TRUE(refused({.ids = {1, 2}, .mask = {1}}));
  EXPECT_TRUE(refused({.ids = {1, 2}, .prefix = 1}));
  EXPECT_TRUE(refused({.ids = {1, 2}, .prefix = 2, .group = 1}));
  EXPECT_TRUE(refused({.ids = {1, 2, 3}, .mask = {0, 1, 1}, .prefix = 2, .group = 1}));
  writer.add(Sample{.ids = {1, 2, 3}, .prefix = 2, .group = 1}.draft());
  EXPECT_TRUE(refused({.ids = {1, 3, 3}, .prefix = 2, .group = 1}));
  EXPECT_TRUE(refused({.ids = {1, 2, 3}, .prefix = 1, .group = 1}));
  writer.commit();
  EXPECT_EQ(TokenStore::open(path_)->documents(), 1U);
  EXPECT_EQ(kind_of([&] { const TokenStoreWriter none(path_, 0); }), ErrorKind::kInvalidArgument);
}

TEST_F(TokenStoreTest, RefusesAnyOtherFileAndVersion) {
  EXPECT_EQ(kind_of([&] { (void)TokenStore::open(folder_ / "none"); }), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of([&] { (void)from(""); }), ErrorKind::kCorrupt);
  EXPECT_EQ(kind_of([&] { (void)from(std::string(200, 'x')); }), ErrorKind::kCorrupt);
  write(samples());
  std::string newer = bytes();
  newer[8] = 2;
  EXPECT_EQ(kind_of([&] { (void)from(renewed(newer)); }), ErrorKind::kUnsupported);
}

TEST_F(TokenStoreTest, RefusesEveryTruncationAndEveryFlippedByte) {
  write(samples());
  const std::string whole = bytes();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(kind_of([&] { (void)from(whole.substr(0, length)); }), ErrorKind::kCorrupt) << length;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_THROW((void)from(changed), Error) << at;
  }
}

// A checksum keeps accidents out, not malice: whatever still opens must be readable to its end.
TEST_F(TokenStoreTest, ForgedBytesWithAGoodChecksumCanOnlyBeRefused) {
  write(samples());
  const std::string whole = bytes();
  std::mt19937_64 random(1);
  std::size_t opened = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    std::string changed = whole;
    for (std::uint64_t flips = random() % 4 + 1; flips > 0; --flips) {
      const std::size_t at = random() % (changed.size() - 4);
      const char values[] = {'\0', '\xFF', '\x7F', static_cast<char>(random() & 0xFFU)};
      changed[at] = values[random() % 4];
    }
    try {
      const std::string forged = renewed(changed);  // the store reads it in place
      const auto store = from(forged);
      ++opened;
      for (std::uint64_t i = 0; i < store->documents(); ++i) {
        const StoredDocument document = store->document(i);
        for (std::uint32_t at = 0; at < document.length(); ++at) {
          EXPECT_LT(document.id(at), 100'000);
        }
      }
    } catch (const Error&) {
      continue;
    }
  }
  EXPECT_GT(opened, 0U);  // a changed id or label is still a store
}

TEST_F(TokenStoreTest, NamesTheDocumentWhosePrefixDiffers) {
  write({{.ids = {1, 2, 3}, .prefix = 2, .group = 1}, {.ids = {1, 2, 4}, .prefix = 2, .group = 1}});
  std::string changed = bytes();
  changed[32 + 12] = 7;  // the first id of the second record
  try {
    (void)from(renewed(changed));
    FAIL() << "opened";
  } catch (const Error& fault) {
    EXPECT_EQ(fault.kind(), ErrorKind::kCorrupt);
    EXPECT_STREQ(
        fault.what(),
        "bytes: document 1: its prefix of 2 differs from that of 2 of document 0, group 1");
  }
}

}  // namespace
}  // namespace frugal::train
