#pragma once

/// Energy where there is no counter: CPU seconds times a stated power.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/meter/cpu_time.h"
#include "frugal/meter/energy_model.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// Power of one busy CPU that is assumed unless the user states another.
inline constexpr Watts kDefaultCpuPower{6.0};

struct ModelOptions {
  Watts cpu_power = kDefaultCpuPower;  ///< of one busy CPU, > 0
  double relative_std = 0.5;           ///< of the model, >= 0
  std::optional<Price> idle = {};      ///< of the machine, where a machine file says it
  std::string origin = {};             ///< where these come from, for the description
  std::string note = {};               ///< why readings are wider than usual; in each of them
  CpuTimeSource cpu_time = process_cpu_time();
  ClockFn clock = monotonic_now;
};

/// E = CPU seconds × power of a busy CPU; standard deviation E × relative_std, joined in quadrature
/// by the resolution of the CPU time at both ends.
///
/// Units:      J, from s and W.  Domain "cpu", boundary device, quality modelled.
/// Numbers:    load alone predicts power to no better than a factor 1.7 up or down, whatever the
///             curve; hence 0.5.  Differences between runs on one machine are far better known.
///             The power the machine draws while idle is not in it.
/// Resolution: that of the CPU time, 1 to 10 ms.
/// Needs:      nothing.
/// Threads:    one at a time.
class ModelMeter final : public Meter {
 public:
  /// Errors: kInvalidArgument for a power that is not in (0, 10 kW] or a negative deviation.
  explicit ModelMeter(ModelOptions options = {});

  [[nodiscard]] std::string_view name() const override { return "model"; }
  [[nodiscard]] std::string description() const override;

  void start() override;
  void sample() override;
  [[nodiscard]] std::shared_ptr<const Mark> mark() const override;
  [[nodiscard]] std::vector<Reading> since(const Mark& from) const override;
  [[nodiscard]] std::vector<Reading> stop() override;

 private:
  struct Moment;

  ModelOptions options_;
  std::shared_ptr<const Moment> started_;
  std::shared_ptr<const Moment> latest_;
};

}  // namespace frugal::meter
