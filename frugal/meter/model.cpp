#include "frugal/meter/model.h"

#include <algorithm>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr Watts kMostCpuPower{10'000.0};
constexpr double kEnds = 2.0;  // the resolution enters at start and at stop

}  // namespace

ModelMeter::ModelMeter(ModelOptions options) : options_(std::move(options)) {
  const double power_w = options_.cpu_power.value();
  if (!(power_w > 0.0 && power_w <= kMostCpuPower.value())) {
    throw Error(ErrorKind::kInvalidArgument,
                str("model meter: a busy CPU of {} W, expected more than 0 and at most {} W",
                    power_w, kMostCpuPower.value()));
  }
  if (!(options_.relative_std >= 0.0 && std::isfinite(options_.relative_std))) {
    throw Error(ErrorKind::kInvalidArgument,
                str("model meter: relative standard deviation {}, expected 0 or more",
                    options_.relative_std));
  }
}

std::string ModelMeter::description() const {
  return str(
      "CPU seconds of {} × {:g} W per busy CPU, relative standard deviation {:g}: from load alone "
      "no model is better than about ×/÷1.7; idle power is not included",
      options_.cpu_time.description, options_.cpu_power.value(), options_.relative_std);
}

void ModelMeter::start() {
  started_ = options_.clock();
  first_ = options_.cpu_time.read();
  running_ = true;
}

std::vector<Reading> ModelMeter::stop() {
  FRUGAL_CHECK(running_);
  running_ = false;
  const Seconds now = options_.clock();
  const std::optional<Seconds> last = options_.cpu_time.read();
  Reading reading{.domain = "cpu",
                  .boundary = Boundary::kDevice,
                  .quality = Quality::kUnavailable,
                  .energy = Joules(0.0),
                  .uncertainty = Joules(0.0),
                  .time = std::max(now - started_, Seconds(0.0)),
                  .note = {}};
  if (!first_ || !last) {
    reading.note = str("the CPU time of {} cannot be read", options_.cpu_time.description);
    return {reading};
  }
  const Seconds tick = options_.cpu_time.resolution;
  if (*last + tick < *first_) {
    reading.note = str("the CPU time of {} fell by {:.3g} s", options_.cpu_time.description,
                       (*first_ - *last).value());
    return {reading};
  }
  const Seconds busy = std::max(*last - *first_, Seconds(0.0));
  reading.quality = Quality::kModelled;
  reading.energy = options_.cpu_power * busy;
  const double model_j = options_.relative_std * reading.energy.value();
  const double tick_j = (options_.cpu_power * tick).value();
  reading.uncertainty = Joules(std::sqrt((model_j * model_j) + (kEnds * tick_j * tick_j)));
  return {reading};
}

}  // namespace frugal::meter
