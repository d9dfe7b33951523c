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

}  // namespace frugal::cli
