#include "frugal/base/quiet_thread.h"

#include <csignal>
#include <utility>

namespace frugal {

namespace {

/// A thread inherits the mask of its maker: blocked here, so that there is no moment without.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::thread start_quiet_thread(std::function<void()> work) {
  const AllSignalsBlocked scope;
  return std::thread(std::move(work));
}

}  // namespace frugal
