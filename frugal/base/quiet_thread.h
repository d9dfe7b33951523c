#pragma once

/// Threads that no signal is delivered to.

#include <functional>
#include <thread>

namespace frugal {

/// Starts `work` on a thread with every signal blocked, so that signals go to the threads which
/// wait for them.  What `work` throws ends the program: catch at the thread's root.
/// Errors: std::system_error where no thread can be made.
[[nodiscard]] std::thread start_quiet_thread(std::function<void()> work);

}  // namespace frugal
