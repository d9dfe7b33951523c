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
  if (options_.idle) {
    return str(
        "CPU seconds of {} × {:.3g} W per busy CPU, relative standard deviation {:.2g}, and {:.3g} "
        "W of the idle machine; {}",
        options_.cpu_time.description, options_.cpu_power.value(), options_.relative_std,
        options_.idle->value, options_.origin);
  }
  return str(
      "CPU seconds of {} × {:g} W per busy CPU, relative standard deviation {:g}: from load alone "
      "no model is better than about ×/÷1.7; idle power is not included",
      options_.cpu_time.description, options_.cpu_power.value(), options_.relative_std);
}

/// One sample.
struct ModelMeter::Moment final : Mark {
  Seconds at;
  std::optional<Seconds> cpu_time;
};

void ModelMeter::start() {
  started_ = std::make_shared<Moment>();  // `sample` wants a running meter
  sample();
  started_ = latest_;
}

void ModelMeter::sample() {
  FRUGAL_CHECK(started_ != nullptr);
  auto moment = std::make_shared<Moment>();
  moment->at = options_.clock();
  moment->cpu_time = options_.cpu_time.read();
  latest_ = std::move(moment);
}

std::shared_ptr<const Mark> ModelMeter::mark() const {
  return latest_;
}

std::vector<Reading> ModelMeter::since(const Mark& from) const {
  const auto* first = dynamic_cast<const Moment*>(&from);
  FRUGAL_CHECK(first != nullptr && latest_ != nullptr);
  Reading reading{.domain = "cpu",
                  .boundary = Boundary::kDevice,
                  .quality = Quality::kUnavailable,
                  .energy = Joules(0.0),
                  .uncertainty = Joules(0.0),
                  .time = std::max(latest_->at - first->at, Seconds(0.0)),
                  .note = {}};
  const std::string& source = options_.cpu_time.description;
  if (!first->cpu_time || !latest_->cpu_time) {
    reading.note = str("the CPU time of {} cannot be read", source);
    return {reading};
  }
  const Seconds tick = options_.cpu_time.resolution;
  const Seconds spent = *latest_->cpu_time - *first->cpu_time;
  if (spent + tick < Seconds(0.0)) {
    reading.note = str("the CPU time of {} fell by {:.3g} s", source, -spent.value());
    return {reading};
  }
  reading.quality = Quality::kModelled;
  reading.note = options_.note;
  reading.energy = options_.cpu_power * std::max(spent, Seconds(0.0));
  const double model_j = options_.relative_std * reading.energy.value();
  const double tick_j = (options_.cpu_power * tick).value();
  reading.uncertainty = Joules(std::sqrt((model_j * model_j) + (kEnds * tick_j * tick_j)));
  if (!options_.idle) return {reading};
  Reading idle = reading;
  idle.domain = "idle";
  idle.energy = Watts(options_.idle->value) * reading.time;
  idle.uncertainty = Watts(options_.idle->std) * reading.time;
  return {reading, idle};
}

std::vector<Reading> ModelMeter::stop() {
  sample();
  const std::shared_ptr<const Moment> started = std::move(started_);
  started_ = nullptr;
  return since(*started);
}

}  // namespace frugal::meter
