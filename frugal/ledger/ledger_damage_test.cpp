#include <string>

#include "frugal/base/str.h"
#include "frugal/ledger/ledger.h"
#include "frugal/ledger/sqlite.h"
#include "frugal/ledger/test_support.h"

// Damaged, foreign and newer files: each may only cause an Error.

namespace frugal::ledger {
namespace {

namespace fs = std::filesystem;

using testing::fault_of;

class LedgerDamageTest : public testing::FolderTest {
 protected:
  void make_ledger() const {
    Ledger ledger(file());
    for (int i = 0; i < 3; ++i) {
      const RunId id = ledger.begin(testing::sample_info());
      ledger.add_readings(id, {testing::sample_reading("cpu", 1.5)});
      ledger.add_receipt(id, testing::sample_receipt());
      ledger.add_metric(id, {.name = "nll", .value = 2.0});
      ledger.add_note(id, {.key = "verdict", .text = std::string(300, 'v')});
      ledger.finish(id);
    }
  }

  void alter(const std::string& sql) const {
    sqlite::Connection(file(), sqlite::Access::kReadWrite, std::chrono::milliseconds(1000))
        .execute(sql);
  }

  [[nodiscard]] ErrorKind kind_of_reading() const {
    return fault_of([&] { (void)Ledger(file(), Ledger::Mode::kReadOnly).runs(); }).kind();
  }

  // True when the file was read, false when it was refused with an Error that fits.
  [[nodiscard]] bool survives(Ledger::Mode mode) const {
    try {
      const Ledger ledger(file(), mode);
      (void)ledger.runs();
      (void)ledger.run(2);
      return true;
    } catch (const Error& fault) {
      EXPECT_NE(fault.kind(), ErrorKind::kPermission) << fault.what();
      EXPECT_NE(fault.kind(), ErrorKind::kNotFound) << fault.what();
      return false;
    }
  }

  void put(const std::string& bytes) const {
    fs::remove(at("ledger.sqlite-wal"));
    fs::remove(at("ledger.sqlite-shm"));
    testing::put_bytes(file(), bytes);
  }
};

TEST_F(LedgerDamageTest, AMissingFileIsNotFoundForReaders) {
  EXPECT_EQ(kind_of_reading(), ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(LedgerDamageTest, AnEmptyFileIsNoLedgerForReadersAndANewOneForWriters) {
  put("");
  EXPECT_EQ(kind_of_reading(), ErrorKind::kCorrupt);
  EXPECT_NO_THROW((void)Ledger(file()).begin({}));
}

TEST_F(LedgerDamageTest, AFileThatIsNotSqliteIsCorruptAndUntouched) {
  const std::string text(5000, 'x');
  put(text);
  EXPECT_EQ(kind_of_reading(), ErrorKind::kCorrupt);
  EXPECT_EQ(fault_of([&] { const Ledger ledger(file()); }).kind(), ErrorKind::kCorrupt);
  EXPECT_EQ(testing::bytes_of(file()), text);
}

TEST_F(LedgerDamageTest, AnotherProgramsDatabaseIsCorruptAndUntouched) {
  alter("CREATE TABLE cookies (x); PRAGMA application_id = 7; PRAGMA user_version = 1");
  const std::string before = testing::bytes_of(file());
  EXPECT_EQ(kind_of_reading(), ErrorKind::kCorrupt);
  EXPECT_EQ(fault_of([&] { const Ledger ledger(file()); }).kind(), ErrorKind::kCorrupt);
  EXPECT_EQ(testing::bytes_of(file()), before);
}

TEST_F(LedgerDamageTest, ANewerLedgerIsUnsupportedAndBothVersionsAreNamed) {
  make_ledger();
  alter("PRAGMA user_version = 7");
  for (const auto mode : {Ledger::Mode::kReadOnly, Ledger::Mode::kAppend}) {
    const Error fault = fault_of([&] { const Ledger ledger(file(), mode); });
    EXPECT_EQ(fault.kind(), ErrorKind::kUnsupported);
    const std::string want = str("version 7, expected at most {}", Ledger::kSchemaVersion);
    EXPECT_NE(std::string(fault.what()).find(want), std::string::npos) << fault.what();
  }
}

TEST_F(LedgerDamageTest, WordsThatNoLedgerHoldsAreCorrupt) {
  for (const char* sql :
       {"UPDATE reading SET quality = 'perfect'", "UPDATE reading SET boundary = 'moon'",
        "UPDATE receipt SET quality = ''", "UPDATE phase SET phase = 'sleep' WHERE phase = 'idle'",
        "DROP TABLE note", "ALTER TABLE metric RENAME COLUMN low TO lower"}) {
    make_ledger();
    alter(sql);
    EXPECT_EQ(kind_of_reading(), ErrorKind::kCorrupt) << sql;
    fs::remove(file());
  }
}

TEST_F(LedgerDamageTest, EveryByteOfTheHeaderMayBeWrong) {
  make_ledger();
  const std::string good = testing::bytes_of(file());
  int refused = 0;
  for (std::size_t at = 0; at < 100; ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      put(bad);
      refused += survives(Ledger::Mode::kReadOnly) ? 0 : 1;
    }
  }
  EXPECT_GE(refused, 16 * 3);  // at least every change of "SQLite format 3"
}

TEST_F(LedgerDamageTest, AnyByteMayBeWrong) {
  make_ledger();
  const std::string good = testing::bytes_of(file());
  std::uint32_t random = 1;
  int refused = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::string bad = good;
    for (int change = 0; change < 16; ++change) {
      random = (random * 1664525U) + 1013904223U;
      bad[(random >> 4U) % bad.size()] = static_cast<char>(random >> 24U);
    }
    put(bad);
    refused += survives(Ledger::Mode::kReadOnly) ? 0 : 1;
  }
  EXPECT_GT(refused, 0);
}

TEST_F(LedgerDamageTest, WritersSurviveDamageToo) {
  make_ledger();
  const std::string good = testing::bytes_of(file());
  for (const std::size_t at : {0U, 16U, 18U, 19U, 21U, 28U, 44U, 56U, 68U, 100U, 103U, 105U}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    put(bad);
    try {
      Ledger ledger(file());
      const RunId id = ledger.begin(testing::sample_info());
      ledger.add_note(id, {.key = "k", .text = "t"});
    } catch (const Error& fault) {
      EXPECT_NE(fault.kind(), ErrorKind::kNotFound) << at << ": " << fault.what();
    }
  }
}

TEST_F(LedgerDamageTest, ATruncatedFileIsAnErrorAtMost) {
  make_ledger();
  const std::string good = testing::bytes_of(file());
  // Zeros at the very end are what SQLite reads where a page is cut: nothing is lost with them.
  const std::size_t told = good.find_last_not_of('\0') + 1;
  for (std::size_t length = 1; length < told; length += 509) {
    put(good.substr(0, length));
    EXPECT_FALSE(survives(Ledger::Mode::kReadOnly)) << length;
  }
}

}  // namespace
}  // namespace frugal::ledger
