#include "frugal/cli/interrupt.h"

#include <csignal>

namespace frugal::cli {

namespace {
volatile std::sig_atomic_t asked = 0;

void on_signal(int /*number*/) {
  asked = 1;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}
}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is then an error of the write, not our death
}

void throw_if_interrupted() {
  if (asked != 0) throw Interrupted();
}

}  // namespace frugal::cli
