#include <sys/resource.h>

#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "frugal/ledger/ledger.h"
#include "frugal/ledger/sqlite.h"
#include "frugal/ledger/test_support.h"

// Killed processes, full disks and several writers.

namespace frugal::ledger {
namespace {

class LedgerCrashTest : public testing::FolderTest {
 protected:
  [[nodiscard]] std::string integrity() const {
    return sqlite::Connection(file(), sqlite::Access::kReadWrite, std::chrono::milliseconds(1000))
        .text("PRAGMA integrity_check");
  }
};

RunId append_run(Ledger& ledger, const std::string& verb) {
  const RunId id = ledger.begin(testing::sample_info(verb));
  ledger.add_readings(id, {testing::sample_reading("cpu", 1.5)});
  ledger.add_receipt(id, testing::sample_receipt());
  ledger.add_metric(id, {.name = "nll", .value = static_cast<double>(id) / 3.0});
  ledger.add_note(id, {.key = "verdict", .text = "done"});
  ledger.finish(id);
  return id;
}

void expect_whole(const Run& run) {
  EXPECT_NE(run.finished_at, "");
  EXPECT_EQ(run.readings.size(), 1U);
  ASSERT_TRUE(run.receipt);
  EXPECT_EQ(run.receipt->work, testing::sample_receipt().work);
  ASSERT_NE(run.metric("nll"), nullptr);
  EXPECT_EQ(run.metric("nll")->value, static_cast<double>(run.id) / 3.0);
  EXPECT_EQ(run.note("verdict"), "done");
}

// Reads ids until `enough` have come, then kills the child and reads what it still reported.
std::vector<RunId> ids_until_killed(int pipe, pid_t child, std::size_t enough) {
  std::vector<RunId> ids;
  RunId id = 0;
  while (::read(pipe, &id, sizeof id) == static_cast<ssize_t>(sizeof id)) {
    ids.push_back(id);
    if (ids.size() == enough) ::kill(child, SIGKILL);
  }
  return ids;
}

TEST_F(LedgerCrashTest, NothingReportedIsLostWhenTheProcessIsKilled) {
  std::vector<RunId> reported;
  for (std::size_t round = 1; round <= 4; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = testing::start_child([&] {
      Ledger ledger(file());
      while (true) {
        const RunId id = append_run(ledger, "run");
        if (::write(ends[1], &id, sizeof id) != static_cast<ssize_t>(sizeof id)) return 1;
      }
      return 0;
    });
    ::close(ends[1]);
    const std::vector<RunId> ids = ids_until_killed(ends[0], child, 5 * round);
    ::close(ends[0]);
    EXPECT_EQ(testing::wait_for(child), -1);
    EXPECT_GE(ids.size(), 5 * round);
    reported.insert(reported.end(), ids.begin(), ids.end());

    const Ledger ledger(file(), Ledger::Mode::kReadOnly);
    for (const RunId id : reported) {
      const std::optional<ledger::Run> run = ledger.run(id);
      ASSERT_TRUE(run) << "run " << id << " was reported and is lost";
      expect_whole(*run);
    }
    // At most the run in progress is there beyond them, one per kill.
    EXPECT_LE(ledger.runs().size(), reported.size() + (2 * round));
  }
  EXPECT_EQ(integrity(), "ok");
}

TEST_F(LedgerCrashTest, ARunThatNeverFinishedShowsIt) {
  const int status = testing::in_child([&] {
    Ledger ledger(file());
    const RunId id = ledger.begin(testing::sample_info());
    ledger.add_note(id, {.key = "stage", .text = "one"});
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(status, -1);
  const std::vector<ledger::Run> runs = Ledger(file()).runs();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].finished_at, "");
  EXPECT_EQ(runs[0].note("stage"), "one");
}

TEST_F(LedgerCrashTest, SeveralProcessesMayCreateAndAppendAtOnce) {
  constexpr int kRuns = 12;
  std::array<pid_t, 4> children{};
  for (pid_t& child : children) {
    child = testing::start_child([&] {
      Ledger ledger(file());
      for (int i = 0; i < kRuns; ++i) (void)append_run(ledger, "bench");
      return 0;
    });
  }
  for (const pid_t child : children) EXPECT_EQ(testing::wait_for(child), 0);
  const std::vector<ledger::Run> runs = Ledger(file(), Ledger::Mode::kReadOnly).runs();
  EXPECT_EQ(runs.size(), children.size() * kRuns);
  for (const ledger::Run& run : runs) expect_whole(run);
  EXPECT_EQ(integrity(), "ok");
}

TEST_F(LedgerCrashTest, AFullDiskIsAnIoErrorAndWhatWasThereStays) {
  {
    Ledger ledger(file());
    (void)append_run(ledger, "run");
  }
  const int status = testing::in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 256U << 10U, .rlim_max = 256U << 10U};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    Ledger ledger(file());
    for (int i = 0; i < 1000; ++i) (void)append_run(ledger, "run");
    return 0;
  });
  EXPECT_EQ(status, testing::kFaultCode + static_cast<int>(ErrorKind::kIo));
  Ledger ledger(file());
  const std::vector<ledger::Run> runs = ledger.runs();
  ASSERT_GE(runs.size(), 2U);
  for (std::size_t i = 0; i + 1 < runs.size(); ++i) expect_whole(runs[i]);
  EXPECT_NO_THROW((void)append_run(ledger, "run"));
  EXPECT_EQ(integrity(), "ok");
}

}  // namespace
}  // namespace frugal::ledger
