#include "frugal/cli/child.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "frugal/base/error.h"
#include "frugal/cli/interrupt.h"
#include "tests/support/temp_folder.h"

namespace frugal::cli {
namespace {

TEST(Child, PassesItsExitCodeAndItsSignal) {
  EXPECT_EQ(run_child({"true"}), 0);
  EXPECT_EQ(run_child({"sh", "-c", "exit 7"}), 7);
  EXPECT_EQ(run_child({"sh", "-c", "kill -TERM $$"}), 128 + SIGTERM);
  EXPECT_EQ(run_child({"sh", "-c", "kill -KILL $$"}), 128 + SIGKILL);
}

TEST(Child, GetsItsWordsAsTheyAre) {
  EXPECT_EQ(run_child({"sh", "-c", "[ \"$1\" = 'a  b*' ] && [ $# = 2 ]", "sh", "a  b*", ""}), 0);
}

TEST(Child, SaysWhatCannotBeStartedAndWhy) {
  const test::TempFolder folder;
  const auto kind_of = [](const std::string& word) {
    try {
      (void)run_child({word});
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
      return error.kind();
    }
    ADD_FAILURE() << word << " started";
    return ErrorKind::kIo;
  };
  EXPECT_EQ(kind_of("no-such-program-here"), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of(folder.path().string()), ErrorKind::kPermission) << "a folder is no program";
}

// It sends the signal to us, its parent, and ends with 9 when we hand it on.
TEST(Child, GetsTheSignalsThatAskUsToEnd) {
  for (const char* name : {"TERM", "HUP"}) {
    const std::string script =
        std::string("trap 'exit 9' ") + name + "; kill -" + name + " $PPID; sleep 5 & wait; exit 1";
    EXPECT_EQ(run_child({"sh", "-c", script}), 9) << name;
  }
}

TEST(Child, SignalsMeanToUsAfterwardsWhatTheyMeantBefore) {
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) {
    const auto ours = [](int) {};
    const auto before = std::signal(number, ours);
    EXPECT_EQ(run_child({"true"}), 0);
    EXPECT_EQ(std::signal(number, before), +ours) << number;
  }
}

TEST(Child, UnderNohupAHangUpIsIgnoredByBoth) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  EXPECT_EQ(run_child({"sh", "-c", "kill -HUP $$; kill -HUP $PPID; exit 3"}), 3);
  std::signal(SIGHUP, before);
}

TEST(Child, AFileSizeLimitEndsItAsEver) {
  EXPECT_EXIT(
      {
        catch_interrupts();
        ::_exit(run_child({"sh", "-c", "kill -XFSZ $$; exit 3"}));
      },
      testing::ExitedWithCode(128 + SIGXFSZ), "");
}

TEST(OrphanKeeper, WaitsForWhatTheCommandLeftBehind) {
  const OrphanKeeper keeper;
  // It ends at once; what it started ends only when it is told to.
  test::TempFolder folder;
  const std::string file = (folder / "end").string();
  EXPECT_EQ(
      run_child({"sh", "-c", "(while [ ! -e '" + file + "' ]; do sleep 0.01; done) & exit 0"}), 0);
  EXPECT_TRUE(keeper.reap());
  std::ofstream(file) << "now";
  while (keeper.reap()) ::usleep(1000);
}

}  // namespace
}  // namespace frugal::cli
