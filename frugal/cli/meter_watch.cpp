#include "frugal/cli/meter_watch.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "frugal/base/clock.h"
#include "frugal/cli/verbs.h"
#include "frugal/meter/prometheus.h"

namespace frugal::cli {

namespace {

Seconds cpu_time_of(int who) {
  rusage usage{};
  if (getrusage(who, &usage) != 0) return Seconds(0.0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + (1e-6 * static_cast<double>(time.tv_usec));
  };
  return Seconds(seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

}  // namespace

Seconds own_cpu_time() {
  return cpu_time_of(RUSAGE_SELF);
}

Seconds children_cpu_time() {
  return cpu_time_of(RUSAGE_CHILDREN);
}

std::size_t online_cpus() {
  return static_cast<std::size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

MeterWatch::MeterWatch(meter::Meter& meter, WatchOptions options)
    : options_(std::move(options)),
      span_(meter),
      started_(monotonic_now()),
      cpu_time_(own_cpu_time()),
      begin_(span_.mark()),
      latest_(begin_),
      ticker_(options_.interval, [this] { lap(); }) {}

void MeterWatch::lap() {
  const std::lock_guard<std::mutex> lock(mutex_);
  last_lap_ = span_.lap(latest_);
  profile_.add(last_lap_);
  const Seconds at = monotonic_now() - started_;
  power_.add(at, last_lap_);
  if (options_.on_lap) options_.on_lap(at, last_lap_);
}

std::string MeterWatch::scrape() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<const meter::Mark> from = begin_;
  return meter::prometheus_text({.since_start = span_.lap(from),
                                 .lap = last_lap_,
                                 .time = monotonic_now() - started_,
                                 .own_cpu_time = own_cpu_time() - cpu_time_,
                                 .version = version_line()});
}

Watched MeterWatch::stop() {
  ticker_.stop();
  const Seconds time = monotonic_now() - started_;
  lap();
  return {.readings = span_.stop(),
          .profile = profile_,
          .power = power_.samples(),
          .time = time,
          .own_cpu_time = own_cpu_time() - cpu_time_};
}

}  // namespace frugal::cli
