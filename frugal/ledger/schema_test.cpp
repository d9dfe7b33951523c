#include "frugal/ledger/schema.h"

#include <array>

#include "frugal/ledger/test_support.h"

namespace frugal::ledger {
namespace {

using sqlite::Access;
using sqlite::Connection;
using testing::fault_of;

constexpr std::chrono::milliseconds kPatience(2000);

constexpr std::array<std::string_view, 3> kSteps = {
    "CREATE TABLE t (grams INTEGER); INSERT INTO t VALUES (3), (4);",
    "ALTER TABLE t RENAME COLUMN grams TO milligrams; UPDATE t SET milligrams = 1000 * milligrams;",
    "CREATE TABLE u (x INTEGER);"};

class SchemaTest : public testing::FolderTest {
 protected:
  [[nodiscard]] Connection open() const { return {file(), Access::kReadWrite, kPatience}; }
};

TEST_F(SchemaTest, ANewFileGoesThroughEveryStep) {
  Connection db = open();
  EXPECT_EQ(file_version(db, 3), 0);
  migrate(db, kSteps);
  EXPECT_EQ(file_version(db, 3), 3);
  EXPECT_EQ(db.integer("SELECT sum(milligrams) FROM t"), 7000);
  EXPECT_EQ(db.integer("PRAGMA application_id"), kApplicationId);
}

TEST_F(SchemaTest, AnOlderFileGoesThroughTheMissingSteps) {
  {
    Connection db = open();
    migrate(db, std::span(kSteps).first(1));
    db.execute("INSERT INTO t VALUES (5)");
    EXPECT_EQ(file_version(db, 1), 1);
  }
  Connection db = open();
  migrate(db, kSteps);
  EXPECT_EQ(file_version(db, 3), 3);
  EXPECT_EQ(db.integer("SELECT sum(milligrams) FROM t"), 12000);
}

TEST_F(SchemaTest, ACurrentFileIsLeftAlone) {
  Connection db = open();
  migrate(db, kSteps);
  migrate(db, kSteps);
  EXPECT_EQ(db.integer("SELECT sum(milligrams) FROM t"), 7000);
}

TEST_F(SchemaTest, AStepThatFailsUndoesThoseBeforeIt) {
  Connection db = open();
  migrate(db, std::span(kSteps).first(1));
  const std::array<std::string_view, 3> broken = {kSteps[0], kSteps[1], "CREATE TABLE t (x);"};
  (void)fault_of([&] { migrate(db, broken); });
  EXPECT_EQ(file_version(db, 3), 1);
  EXPECT_EQ(db.integer("SELECT sum(grams) FROM t"), 7);
}

TEST_F(SchemaTest, AProcessKilledWithinAStepLeavesTheOldVersion) {
  {
    Connection db = open();
    migrate(db, std::span(kSteps).first(1));
  }
  const int status = testing::in_child([&] {
    Connection db = open();
    sqlite::Transaction transaction(db, sqlite::Transaction::Kind::kWrite);
    db.execute(std::string(kSteps[1]) + "PRAGMA user_version = 2");
    ::_exit(0);
    return 0;
  });
  ASSERT_EQ(status, 0);
  const Connection db = open();
  EXPECT_EQ(file_version(db, 3), 1);
  EXPECT_EQ(db.integer("SELECT sum(grams) FROM t"), 7);
}

TEST_F(SchemaTest, ProcessesThatMigrateAtOnceDoItOnce) {
  std::array<pid_t, 4> children{};
  for (pid_t& child : children) {
    child = testing::start_child([&] {
      Connection db = open();
      migrate(db, kSteps);
      return 0;
    });
  }
  for (const pid_t child : children) EXPECT_EQ(testing::wait_for(child), 0);
  EXPECT_EQ(open().integer("SELECT sum(milligrams) FROM t"), 7000);
}

TEST_F(SchemaTest, ANewerFileIsUnsupportedAndBothVersionsAreNamed) {
  Connection db = open();
  migrate(db, kSteps);
  const Error fault = fault_of([&] { migrate(db, std::span(kSteps).first(2)); });
  EXPECT_EQ(fault.kind(), ErrorKind::kUnsupported);
  EXPECT_NE(std::string(fault.what()).find("version 3, expected at most 2"), std::string::npos);
}

TEST_F(SchemaTest, AnotherProgramsDatabaseIsNoLedger) {
  Connection db = open();
  db.execute("CREATE TABLE someone (elses INTEGER)");
  EXPECT_EQ(fault_of([&] { migrate(db, kSteps); }).kind(), ErrorKind::kCorrupt);
  db.execute("PRAGMA application_id = 1; PRAGMA user_version = 1");
  EXPECT_EQ(fault_of([&] { (void)file_version(db, 3); }).kind(), ErrorKind::kCorrupt);
  db.execute(std::string("PRAGMA user_version = 0; PRAGMA application_id = ") +
             std::to_string(kApplicationId));
  EXPECT_EQ(fault_of([&] { (void)file_version(db, 3); }).kind(), ErrorKind::kCorrupt);
  EXPECT_EQ(db.integer("SELECT count(*) FROM someone"), 0);
}

TEST_F(SchemaTest, TheReleasedStepsGiveTheTablesOfTheDocumentation) {
  Connection db = open();
  migrate(db, migrations());
  EXPECT_EQ(db.integer("PRAGMA user_version"), Ledger::kSchemaVersion);
  EXPECT_EQ(db.text("SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema"
                    " WHERE type = 'table' ORDER BY name)"),
            "metric note part phase power reading receipt run");
}

TEST_F(SchemaTest, AnUnavailableReadingCannotHaveAnEnergy) {
  Connection db = open();
  migrate(db, migrations());
  db.execute("INSERT INTO run VALUES (1, NULL, '', NULL, '', '', '', '', '', '', '')");
  EXPECT_EQ(
      fault_of([&] {
        db.execute("INSERT INTO reading VALUES (1, 1, 'd', 'host', 'unavailable', 0, 0, 1, '')");
      }).kind(),
      ErrorKind::kInvalidArgument);
  db.execute("INSERT INTO reading VALUES (1, 1, 'd', 'host', 'unavailable', NULL, NULL, 1, '')");
  EXPECT_EQ(db.integer("SELECT count(*) FROM reading"), 1);
}

}  // namespace
}  // namespace frugal::ledger
