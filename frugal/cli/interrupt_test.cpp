#include "frugal/cli/interrupt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "frugal/cli/common.h"

// What a signal asked for stays asked for, so each test has a process of its own.

namespace frugal::cli {
namespace {

// Ends the process with 0 when work that reaches its next step is stopped there, else with 1.
[[noreturn]] void end_at_next_step(const ProgressFn& step) {
  try {
    step({.stage = "work", .done = 1, .total = 2});
  } catch (const Interrupted&) {
    ::_exit(0);
  }
  ::_exit(1);
}

void step(const ProgressUpdate& /*update*/) {
  throw_if_interrupted();
}

TEST(Interrupt, WithoutASignalWorkGoesOn) {
  EXPECT_NO_THROW(throw_if_interrupted());
  catch_interrupts();
  EXPECT_NO_THROW(throw_if_interrupted());
}

TEST(Interrupt, TheFirstSignalStopsTheWorkAtItsNextStep) {
  for (const int number : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(
        {
          catch_interrupts();
          std::raise(number);
          end_at_next_step(step);
        },
        testing::ExitedWithCode(0), "");
  }
}

TEST(Interrupt, TheSecondSignalEndsTheProcessWhicheverItIs) {
  for (const int first : {SIGINT, SIGTERM}) {
    for (const int second : {SIGINT, SIGTERM}) {
      EXPECT_EXIT(
          {
            catch_interrupts();
            std::raise(first);
            std::raise(second);
            ::_exit(0);
          },
          testing::KilledBySignal(second), "");
    }
  }
}

TEST(Interrupt, QuietWorkCanBeStoppedToo) {
  EXPECT_EXIT(
      {
        CommonOptions options;
        options.quiet = true;
        catch_interrupts();
        std::raise(SIGINT);
        end_at_next_step(progress_of(options));
      },
      testing::ExitedWithCode(0), "");
}

TEST(Interrupt, AFileSizeLimitIsAFaultOfTheWriteAndNotOurEnd) {
  EXPECT_EXIT(
      {
        catch_interrupts();
        std::raise(SIGXFSZ);
        ::_exit(7);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace frugal::cli
