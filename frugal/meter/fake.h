#pragma once

/// A meter that says what it was told to say, for tests of whatever uses meters.

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// Either a constant power over an injected clock, E = P · t exactly, or prepared readings.
/// Threads: one at a time.
class FakeMeter final : public Meter {
 public:
  /// One domain, "fake", boundary device, drawing `power` all the time; uncertainty 0.
  explicit FakeMeter(Watts power, ClockFn clock = monotonic_now);
  /// Each `stop` gives the next of `answers`; the last one again when they have run out.
  /// Errors: an empty list, or an empty answer in it, is a bug.
  explicit FakeMeter(std::vector<std::vector<Reading>> answers);

  [[nodiscard]] std::string_view name() const override { return "fake"; }
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] std::optional<Seconds> max_sample_period() const override { return period_; }
  void start() override;
  void sample() override;
  [[nodiscard]] std::shared_ptr<const Mark> mark() const override;
  /// Prepared readings: the next answer, which stays the next.
  [[nodiscard]] std::vector<Reading> since(const Mark& from) const override;
  [[nodiscard]] std::vector<Reading> stop() override;

  /// What `max_sample_period` answers from now on.
  void set_max_sample_period(Seconds period) { period_ = period; }
  /// How often the meter was called.
  [[nodiscard]] std::size_t starts() const { return starts_; }
  [[nodiscard]] std::size_t samples() const { return samples_; }
  [[nodiscard]] std::size_t stops() const { return stops_; }

 private:
  struct Moment;

  Watts power_;
  ClockFn clock_;
  std::deque<std::vector<Reading>> answers_;
  std::optional<Seconds> period_;
  Seconds started_;
  Seconds latest_;
  bool running_ = false;
  std::size_t starts_ = 0;
  std::size_t samples_ = 0;
  std::size_t stops_ = 0;
};

}  // namespace frugal::meter
