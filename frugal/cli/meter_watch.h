#pragma once

/// A meter looked at while something else runs.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/cli/power_log.h"
#include "frugal/meter/meter.h"
#include "frugal/meter/power_profile.h"
#include "frugal/meter/ticker.h"
#include "frugal/meter/window.h"

namespace frugal::cli {

struct WatchOptions {
  Seconds interval{0.1};  ///< of laps, at least 1 ms
  /// Called after each lap, the last one included, on a thread of its own but at the end.
  std::function<void(Seconds at, const std::vector<meter::Reading>& lap)> on_lap = {};
};

/// What a watch found.
struct Watched {
  std::vector<meter::Reading> readings;
  meter::PowerProfile profile;
  std::vector<ledger::PowerSample> power;  ///< of each domain over time
  Seconds time;                            ///< from start to stop
  Seconds own_cpu_time;                    ///< of this process meanwhile: what watching cost
};

/// Errors:  what the meter or `on_lap` throws, at `stop`.
/// Threads: `scrape` any; the rest, its maker.
class MeterWatch {
 public:
  MeterWatch(meter::Meter& meter, WatchOptions options);
  MeterWatch(const MeterWatch&) = delete;
  MeterWatch& operator=(const MeterWatch&) = delete;

  /// All so far, as Prometheus text.
  [[nodiscard]] std::string scrape();
  /// Once.
  [[nodiscard]] Watched stop();

 private:
  void lap();

  WatchOptions options_;
  meter::Span span_;
  std::mutex mutex_;  ///< guards what follows
  Seconds started_;
  Seconds cpu_time_;  ///< of this process at the start
  std::shared_ptr<const meter::Mark> begin_;
  std::shared_ptr<const meter::Mark> latest_;
  std::vector<meter::Reading> last_lap_;
  meter::PowerProfile profile_;
  PowerLog power_;
  meter::Ticker ticker_;  ///< last: it uses all of the above
};

/// CPU time of this process, or of the children it has waited for.
[[nodiscard]] Seconds own_cpu_time();
[[nodiscard]] Seconds children_cpu_time();
/// Processors that run, whether we may use them or not.
[[nodiscard]] std::size_t online_cpus();

}  // namespace frugal::cli
