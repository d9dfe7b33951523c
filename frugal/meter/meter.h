#pragma once

/// Energy of a span of time, whoever did the work.  This folder knows nothing of models.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/units.h"

namespace frugal::meter {

/// How a number was obtained, best first.
enum class Quality {
  kMeasured,     ///< a counter of energy
  kDerived,      ///< power integrated over time, or scaled from counters
  kModelled,     ///< a stated model
  kUnavailable,  ///< could not be read: the energy means nothing
};

/// What the number includes.  Two boundaries are never added.
enum class Boundary { kDevice, kHost, kWall, kFacility };

[[nodiscard]] std::string_view quality_name(Quality quality);
[[nodiscard]] std::string_view boundary_name(Boundary boundary);
[[nodiscard]] std::optional<Quality> quality_from_name(std::string_view name);
[[nodiscard]] std::optional<Boundary> boundary_from_name(std::string_view name);

/// The energy of one domain over one span.
struct Reading {
  std::string domain;  ///< "package-0", "dram-0", "psys", "cpu-model"
  Boundary boundary = Boundary::kDevice;
  Quality quality = Quality::kUnavailable;
  Joules energy;       ///< over the span; means nothing when quality is kUnavailable
  Joules uncertainty;  ///< one standard deviation
  Seconds time;        ///< length of the span
  std::string note;    ///< why it is unavailable or wider than usual; may be empty
};

/// A moment of a running meter: what it made, only it understands.
class Mark {
 public:
  virtual ~Mark() = default;
  Mark() = default;
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
};

/// A source of readings.  `sample` may be called at any time and any number of times between
/// `start` and `stop`; it keeps counters from wrapping unseen and need not be called by users of
/// short spans.
///
/// Threads: one at a time, unless the meter says otherwise.
class Meter {
 public:
  virtual ~Meter() = default;
  Meter() = default;
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  /// "rapl", "model", "fake": what `--meter` takes.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// One line for people: what is read, from where, and with which constants.
  [[nodiscard]] virtual std::string description() const = 0;
  /// Longest time between samples that loses nothing; nothing when there is no such limit.
  [[nodiscard]] virtual std::optional<Seconds> max_sample_period() const { return std::nullopt; }

  virtual void start() = 0;
  virtual void sample() = 0;
  /// The moment of the latest sample (`start` takes the first).  Valid until the next `start`.
  [[nodiscard]] virtual std::shared_ptr<const Mark> mark() const = 0;
  /// One reading per domain, from a moment to that of the latest sample; never empty.
  [[nodiscard]] virtual std::vector<Reading> since(const Mark& from) const = 0;
  /// The last sample, and one reading per domain since `start`; never empty.
  [[nodiscard]] virtual std::vector<Reading> stop() = 0;
};

/// The sum over an antichain of domains: the worst quality among them, uncertainties in quadrature.
/// All readings must share one boundary (a mixture is a bug).  Unavailable parts make the whole
/// unavailable, with a note.
[[nodiscard]] Reading total(const std::vector<Reading>& readings);

}  // namespace frugal::meter
