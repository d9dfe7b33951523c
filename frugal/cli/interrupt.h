#pragma once

/// Ctrl-C and SIGTERM, politely.

#include <exception>

namespace frugal::cli {

/// Thrown by progress callbacks once the user asked to stop; main turns it into exit code 130.
struct Interrupted : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
};

/// From now on the first SIGINT or SIGTERM asks the work to stop at its next step, the second ends
/// the process at once.  A file-size limit becomes an error that is reported.  No work is half
/// written either way: files get their names last.
void catch_interrupts();

/// Errors: Interrupted once a signal came.
void throw_if_interrupted();

}  // namespace frugal::cli
