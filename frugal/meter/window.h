#pragma once

/// A span of time on a meter: starts it, keeps it sampled, stops it.

#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "frugal/meter/meter.h"

namespace frugal::meter {

/// Runs `meter` from construction to `stop`.  Where the meter must be sampled, a thread wakes for
/// it at `max_sample_period` and sleeps otherwise; without such a limit there is no thread.
///
/// Errors:  what the meter throws; from the thread, at `stop`.
/// Threads: `sample`, `mark` and `lap` may be called from any thread; `stop` and the destructor
/// from one.  Nobody
///          else may use the meter meanwhile.
class Span {
 public:
  explicit Span(Meter& meter);
  /// Stops the meter, if `stop` was not called, and drops the readings.
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  /// One more sample now.
  void sample();
  /// One more sample, and its moment.
  [[nodiscard]] std::shared_ptr<const Mark> mark();
  /// One more sample, and the readings up to it from `from`, which becomes its moment.
  [[nodiscard]] std::vector<Reading> lap(std::shared_ptr<const Mark>& from);
  /// Ends the span.  To be called once.
  [[nodiscard]] std::vector<Reading> stop();

 private:
  struct Shared;
  void finish_thread();

  std::unique_ptr<Shared> shared_;
};

/// A part of a running span.  Windows may nest and overlap; those that follow each other at one
/// moment add up to the window that spans them.
///
/// Threads: as Span; the span must outlive it and not have been stopped.
class Window {
 public:
  explicit Window(Span& span) : span_(span), from_(span.mark()) {}
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  /// From construction to now.
  [[nodiscard]] std::vector<Reading> so_far() const {
    std::shared_ptr<const Mark> from = from_;
    return span_.lap(from);
  }

 private:
  Span& span_;
  std::shared_ptr<const Mark> from_;
};

/// Readings over one call of `work()`.  What `work` throws passes through, the meter stopped.
template <class Function>
[[nodiscard]] std::vector<Reading> measure(Meter& meter, Function&& work) {
  Span span(meter);
  std::forward<Function>(work)();
  return span.stop();
}

}  // namespace frugal::meter
