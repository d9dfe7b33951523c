#include "frugal/ledger/sqlite.h"

#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <limits>

#include "frugal/ledger/test_support.h"

namespace frugal::ledger {
namespace {

namespace fs = std::filesystem;

using sqlite::Access;
using sqlite::Connection;
using sqlite::Statement;
using sqlite::Transaction;
using testing::fault_of;

constexpr std::chrono::milliseconds kPatience(20);

class SqliteTest : public testing::FolderTest {
 protected:
  [[nodiscard]] Connection open(Access access = Access::kReadWrite) const {
    return {file(), access, kPatience};
  }
};

TEST_F(SqliteTest, ValuesComeBackAsTheyWereBound) {
  Connection db = open();
  db.execute("CREATE TABLE t (i INTEGER, r REAL, s TEXT, n REAL, o INTEGER) STRICT");
  Statement insert = db.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)");
  const std::string odd("a\0b\xff\n", 5);
  insert.run(std::numeric_limits<std::int64_t>::min(), 1.0 / 3.0, std::string_view(odd),
             std::optional<double>(), std::optional<std::int64_t>(7));
  insert.run(std::int64_t{-1}, 5e-324, std::string_view(), std::optional<double>(2.0),
             std::optional<std::int64_t>());
  Statement query = db.prepare("SELECT * FROM t ORDER BY rowid");
  ASSERT_TRUE(query.step());
  EXPECT_EQ(query.integer(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(query.real(1), 1.0 / 3.0);
  EXPECT_EQ(query.text(2), odd);
  EXPECT_EQ(query.optional_real(3), std::nullopt);
  EXPECT_EQ(query.optional_integer(4), 7);
  ASSERT_TRUE(query.step());
  EXPECT_EQ(query.real(1), 5e-324);
  EXPECT_FALSE(query.is_null(2));
  EXPECT_EQ(query.text(2), "");
  EXPECT_EQ(query.optional_real(3), 2.0);
  EXPECT_EQ(query.optional_integer(4), std::nullopt);
  EXPECT_FALSE(query.step());
}

TEST_F(SqliteTest, AStatementCanBeBoundAgainHalfWay) {
  const Connection db = open();
  Statement query = db.prepare("WITH t(x) AS (VALUES (1), (2), (3)) SELECT x FROM t WHERE x >= ?1");
  query.bind(std::int64_t{1});
  ASSERT_TRUE(query.step());
  query.bind(std::int64_t{3});
  ASSERT_TRUE(query.step());
  EXPECT_EQ(query.integer(0), 3);
  EXPECT_FALSE(query.step());
}

TEST_F(SqliteTest, AColumnOfAnotherTypeIsCorrupt) {
  const Connection db = open();
  Statement query = db.prepare("SELECT 'x' AS word, NULL, x'00'");
  ASSERT_TRUE(query.step());
  const Error fault = fault_of([&] { (void)query.integer(0); });
  EXPECT_EQ(fault.kind(), ErrorKind::kCorrupt);
  EXPECT_NE(std::string(fault.what()).find("'word'"), std::string::npos);
  EXPECT_EQ(fault_of([&] { (void)query.real(1); }).kind(), ErrorKind::kCorrupt);
  EXPECT_EQ(fault_of([&] { (void)query.text(2); }).kind(), ErrorKind::kCorrupt);
}

TEST_F(SqliteTest, AQueryWithoutAnswerOrATableThatIsMissingIsCorrupt) {
  const Connection db = open();
  EXPECT_EQ(fault_of([&] { (void)db.integer("SELECT 1 WHERE false"); }).kind(),
            ErrorKind::kCorrupt);
  EXPECT_EQ(fault_of([&] { (void)db.prepare("SELECT * FROM missing"); }).kind(),
            ErrorKind::kCorrupt);
}

TEST_F(SqliteTest, ATransactionThatIsNotCommittedIsUndone) {
  Connection db = open();
  db.execute("CREATE TABLE t (x INTEGER)");
  {
    const Transaction transaction(db, Transaction::Kind::kWrite);
    db.execute("INSERT INTO t VALUES (1)");
    EXPECT_TRUE(db.in_transaction());
  }
  EXPECT_FALSE(db.in_transaction());
  EXPECT_EQ(db.integer("SELECT count(*) FROM t"), 0);
  Transaction transaction(db, Transaction::Kind::kWrite);
  db.execute("INSERT INTO t VALUES (1)");
  transaction.commit();
  EXPECT_EQ(db.integer("SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteTest, AReaderSeesOneMoment) {
  Connection writer = open();
  writer.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x INTEGER)");
  Connection reader = open(Access::kReadOnly);
  const Transaction moment(reader, Transaction::Kind::kRead);
  EXPECT_EQ(reader.integer("SELECT count(*) FROM t"), 0);
  writer.execute("INSERT INTO t VALUES (1)");
  EXPECT_EQ(reader.integer("SELECT count(*) FROM t"), 0);
}

TEST_F(SqliteTest, ALockedFileIsSaidToBeInUse) {
  Connection first = open();
  first.execute("CREATE TABLE t (x INTEGER)");
  const Transaction held(first, Transaction::Kind::kWrite);
  Connection second = open();
  const Error fault = fault_of([&] { const Transaction t(second, Transaction::Kind::kWrite); });
  EXPECT_EQ(fault.kind(), ErrorKind::kIo);
  EXPECT_NE(std::string(fault.what()).find("in use by another process"), std::string::npos);
}

TEST_F(SqliteTest, AFullDatabaseIsAnIoErrorAndIsRolledBack) {
  Connection db = open();
  db.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x TEXT); PRAGMA max_page_count = 8");
  const auto fill = [&] {
    Transaction transaction(db, Transaction::Kind::kWrite);
    for (int i = 0; i < 100; ++i) db.execute("INSERT INTO t VALUES (hex(zeroblob(1000)))");
    transaction.commit();
  };
  EXPECT_EQ(fault_of(fill).kind(), ErrorKind::kIo);
  EXPECT_FALSE(db.in_transaction());
  EXPECT_EQ(db.integer("SELECT count(*) FROM t"), 0);
}

TEST_F(SqliteTest, AFileThatMayNotGrowIsAnIoError) {
  open().execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a')");
  const int status = testing::in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 64U << 10U, .rlim_max = 64U << 10U};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    Connection db = open();
    for (int i = 0; i < 100; ++i) db.execute("INSERT INTO t VALUES (hex(zeroblob(5000)))");
    return 0;
  });
  EXPECT_EQ(status, testing::kFaultCode + static_cast<int>(ErrorKind::kIo));
  EXPECT_EQ(open().text("PRAGMA integrity_check"), "ok");
}

TEST_F(SqliteTest, AnOverlongTextIsRefused) {
  Connection db = open();
  db.execute("CREATE TABLE t (x TEXT)");
  const std::string huge((64U << 20U) + 1, 'x');
  EXPECT_EQ(
      fault_of([&] { db.prepare("INSERT INTO t VALUES (?1)").run(std::string_view(huge)); }).kind(),
      ErrorKind::kInvalidArgument);
}

TEST_F(SqliteTest, OpeningSaysWhatIsWrong) {
  const auto kind = [](const fs::path& path, Access access) {
    return fault_of([&] { const Connection db(path, access, kPatience); }).kind();
  };
  EXPECT_EQ(kind(at("none"), Access::kReadOnly), ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(at("none")));
  EXPECT_EQ(kind(at("missing/file"), Access::kReadWrite), ErrorKind::kNotFound);
  EXPECT_EQ(kind(folder_.path(), Access::kReadWrite), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind("/dev/null", Access::kReadOnly), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind("", Access::kReadWrite), ErrorKind::kInvalidArgument);
}

TEST_F(SqliteTest, NamesThatSqliteTreatsSpeciallyAreFilesToUs) {
  const int status = testing::in_child([&] {
    if (::chdir(folder_.path().c_str()) != 0) return 1;
    for (const char* name : {":memory:", "file:x?mode=memory", "a%20b#c"}) {
      Connection(name, Access::kReadWrite, kPatience).execute("CREATE TABLE t (x)");
      if (!fs::exists(name)) return 2;
    }
    return 0;
  });
  EXPECT_EQ(status, 0);
}

TEST_F(SqliteTest, AFileThatMayNotBeWrittenIsAPermissionError) {
  open().execute("CREATE TABLE t (x INTEGER)");
  fs::permissions(file(), fs::perms(0444));
  const int status = testing::in_child([&] {
    if (!testing::give_up_root()) return testing::kStillRoot;
    const Connection db = open();
    return 0;
  });
  if (status == testing::kStillRoot) GTEST_SKIP() << "cannot give up the rights of root";
  EXPECT_EQ(status, testing::kFaultCode + static_cast<int>(ErrorKind::kPermission));
}

TEST_F(SqliteTest, AWalFileInAnUnwritableFolderCanBeRead) {
  open().execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (5)");
  ASSERT_FALSE(fs::exists(at("ledger.sqlite-wal")));
  fs::permissions(folder_.path(), fs::perms(0555));
  const int status = testing::in_child([&] {
    if (!testing::give_up_root()) return testing::kStillRoot;
    return static_cast<int>(open(Access::kReadOnly).integer("SELECT x FROM t"));
  });
  if (status == testing::kStillRoot) GTEST_SKIP() << "cannot give up the rights of root";
  EXPECT_EQ(status, 5);
}

// Reading around a log that was never merged would silently lose the latest runs.
TEST_F(SqliteTest, AnUnmergedLogInAnUnwritableFolderIsReadWithItsIndexAndRefusedWithout) {
  const int left = testing::in_child([&] {
    Connection db = open();
    db.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (5)");
    ::_exit(0);  // no merge on closing
    return 0;
  });
  ASSERT_EQ(left, 0);
  ASSERT_GT(fs::file_size(at("ledger.sqlite-wal")), 0U);
  const auto read = [&] {
    fs::permissions(folder_.path(), fs::perms(0555));
    return testing::in_child([&] {
      if (!testing::give_up_root()) return testing::kStillRoot;
      return static_cast<int>(open(Access::kReadOnly).integer("SELECT x FROM t"));
    });
  };
  const int with_index = read();
  if (with_index == testing::kStillRoot) GTEST_SKIP() << "cannot give up the rights of root";
  EXPECT_EQ(with_index, 5);
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::remove(at("ledger.sqlite-shm"));
  EXPECT_EQ(read(), testing::kFaultCode + static_cast<int>(ErrorKind::kPermission));
}

}  // namespace
}  // namespace frugal::ledger
