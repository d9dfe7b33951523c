#pragma once

/// Another program, run to its end.

#include <string>
#include <vector>

namespace frugal::cli {

/// Runs `words` with our stdin, stdout and stderr.  SIGINT reaches it from the terminal as usual;
/// SIGTERM and SIGHUP sent to us are passed on to it, unless we ignore them: then so does it.
/// Afterwards signals mean to us what they meant before.
///
/// Returns: its exit code, or 128 + the signal that ended it.
/// Errors:  kNotFound or kPermission when it cannot be started, kIo when no process can be made.
[[nodiscard]] int run_child(const std::vector<std::string>& words);

/// While it lives, processes whose parent ends become our children (but for those that were handed
/// to another keeper): so their CPU time reaches us.
class OrphanKeeper {
 public:
  OrphanKeeper();
  ~OrphanKeeper();
  OrphanKeeper(const OrphanKeeper&) = delete;
  OrphanKeeper& operator=(const OrphanKeeper&) = delete;

  /// Waits for all that have ended.  Returns: whether some still run.
  [[nodiscard]] bool reap() const;

 private:
  int before_ = 0;
};

}  // namespace frugal::cli
