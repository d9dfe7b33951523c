#pragma once

/// One energy counter or power sensor of a device, and the meter made of several.  Private to
/// `meter`: powercap, perf, NVML and the rest only say what their probes are and how one is read.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/meter/counter_trace.h"
#include "frugal/meter/meter.h"
#include "frugal/meter/power_trace.h"

namespace frugal::meter {

enum class ProbeKind {
  kEnergy,  ///< a counter, in µJ: its readings are measured
  kPower,   ///< a sensor, in µW: its readings are derived
};

/// One read: a value, or why there is none.
struct ProbeValue {
  std::optional<std::uint64_t> micro;  ///< µJ or µW
  std::string problem;                 ///< "energy_uj cannot be read (Permission denied)"
};

/// What it means when a counter has not moved for a second.
enum class Standstill {
  kUnknown,   ///< it is broken: the energy is unknown
  kUnfitted,  ///< the thing it counts is not there: left out of the readings
};

struct Probe {
  std::string domain = {};
  Boundary boundary = Boundary::kDevice;
  ProbeKind kind = ProbeKind::kEnergy;
  CounterLimits limits = {};     ///< of a sensor only max_power: more is no value
  Seconds update_period{0.001};  ///< of the device: what a window cannot tell apart
  Seconds sample_period{0.1};    ///< wanted for a sensor; a gap of ten of them is lost
  Watts likely_power{20.0};      ///< assumed where a span is too short to show a power
  double relative_std = 0.0;     ///< of the device itself
  std::string twin_group = {};   ///< two of one group may show one counter; empty: never
  Standstill standstill = Standstill::kUnknown;
  std::string note = {};             ///< what every reading must say
  std::string standstill_note = {};  ///< what may explain a counter that does not move
  std::function<ProbeValue()> read = {};
};

/// Σ over probes of what their traces tell; the standard deviation joins, in quadrature, one count
/// at each end, one update period of the mean power at each end, the device's own relative
/// deviation, the shape of power between samples, 1 % (counters) or 20 % (sensors) of energy
/// across failed samples, and the mean power over time of which nothing is known or which lies
/// before the span, because a sample failed where it begins.
///
/// Notes:   a reading says what widened it: failed samples, resets, a span of less than five update
///          periods, twins.  More than half of the span unknown, or a counter that stood still for
///          a second: unavailable.
/// Errors:  none after construction.
/// Threads: one at a time.
class ProbeMeter final : public Meter {
 public:
  /// `probes` must not be empty, their domains differ.
  ProbeMeter(std::string name, std::string description, std::vector<Probe> probes,
             ClockFn clock = monotonic_now);

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string description() const override { return description_; }
  [[nodiscard]] std::optional<Seconds> max_sample_period() const override;

  void start() override;
  void sample() override;
  [[nodiscard]] std::shared_ptr<const Mark> mark() const override;
  [[nodiscard]] std::vector<Reading> since(const Mark& from) const override;
  [[nodiscard]] std::vector<Reading> stop() override;

 private:
  struct Moment;
  /// A probe and its samples.
  struct Channel {
    Channel(Probe the_probe, std::variant<CounterTrace, PowerTrace> the_trace)
        : probe(std::move(the_probe)), trace(the_trace) {}
    Probe probe;
    std::variant<CounterTrace, PowerTrace> trace;
    std::optional<std::uint64_t> latest;
    std::string problem;  ///< of the last failed read
  };
  /// Two counters that have never differed.
  struct Twins {
    std::size_t first = 0;
    std::size_t second = 0;
    std::uint64_t agreements = 0;
  };

  [[nodiscard]] static std::optional<std::uint64_t> read(Channel& channel);
  void read_all(bool begin);
  void list_twins();
  [[nodiscard]] bool agree(Twins& twins);
  [[nodiscard]] bool has_moved(std::size_t index) const;
  [[nodiscard]] std::vector<std::optional<std::size_t>> mirrored() const;
  [[nodiscard]] CounterSummary summary(const Channel& channel) const;

  std::string name_;
  std::string description_;
  ClockFn clock_;
  std::vector<Channel> channels_;
  std::vector<Twins> twins_;
  std::shared_ptr<const Mark> started_;
  Seconds now_;  ///< of the latest sample
};

}  // namespace frugal::meter
