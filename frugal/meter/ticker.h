#pragma once

/// Something done at a steady pace while other work goes on.

#include <exception>
#include <functional>
#include <memory>

#include "frugal/base/units.h"

namespace frugal::meter {

/// Calls `tick` every `period`, on a thread of its own that no signal reaches, until `stop`.  A
/// call that takes longer than a period makes the next one late; none is made up for.
///
/// Errors:  the first exception of `tick` ends the ticking and is thrown by `stop`.
/// Threads: `tick` runs on the ticker's thread; `stop` and the destructor on its maker's.
class Ticker {
 public:
  /// `period` is at least 1 ms.
  Ticker(Seconds period, std::function<void()> tick);
  /// As `stop`, but drops what `tick` threw.
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  /// Waits for a call under way, makes no other.  Once.
  void stop();

 private:
  struct Shared;
  void join();
  std::unique_ptr<Shared> shared_;
};

}  // namespace frugal::meter
