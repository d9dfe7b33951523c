#include "frugal/base/quiet_thread.h"

#include <gtest/gtest.h>

#include <csignal>

namespace frugal {
namespace {

bool blocks(int number) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, number) == 1;
}

TEST(QuietThread, BlocksSignalsInTheThreadAndNotInItsMaker) {
  bool in_thread = false;
  start_quiet_thread([&] { in_thread = blocks(SIGTERM) && blocks(SIGINT); }).join();
  EXPECT_TRUE(in_thread);
  EXPECT_FALSE(blocks(SIGTERM));
}

}  // namespace
}  // namespace frugal
