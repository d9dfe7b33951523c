#pragma once

/// How much of the learning rate each step gets.

#include <cstdint>
#include <limits>

namespace frugal::train {

enum class Decay {
  kConstant,  ///< 1
  kLinear,    ///< 1 - (1 - floor) t
  kCosine,    ///< floor + (1 - floor) (1 + cos(pi t)) / 2
  kPlateau,   ///< max(floor, shrink^n), n the times that validation stopped improving
};

struct ScheduleOptions {
  Decay decay = Decay::kCosine;
  std::uint64_t warmup = 0;    ///< steps
  std::uint64_t hold = 0;      ///< steps at the full rate after them; for linear and cosine
  std::uint64_t steps = 0;     ///< in all; for linear and cosine more than `warmup` + `hold`
  double floor = 0.0;          ///< in [0, 1]
  double shrink = 0.5;         ///< plateau: in (0, 1)
  std::uint32_t patience = 2;  ///< plateau: validations without improvement that are borne
  double threshold = 1e-4;     ///< plateau: a loss below best · (1 - threshold) is an improvement
};

/// All that a plateau remembers.
struct ScheduleState {
  double factor = 1.0;
  double best = std::numeric_limits<double>::infinity();
  std::uint32_t waited = 0;  ///< validations since the best

  bool operator==(const ScheduleState&) const = default;
};

/// factor(step) = min(1, (step + 1) / warmup) · decay, with t = (step - begin) / (steps - begin),
/// begin = warmup + hold, clamped to [0, 1]; steps count from 0.  While it warms up, decay is 1 but
/// for a plateau's.
///
/// Errors:  kInvalidArgument for options outside the ranges above.
/// Threads: one at a time.
/// Source:  cosine: Loshchilov and Hutter 2017, arXiv:1608.03983, one period;
///          holding first (warm-up, stable, decay): Hu et al. 2024, arXiv:2404.06395.
class Schedule {
 public:
  explicit Schedule(const ScheduleOptions& options);

  [[nodiscard]] double factor(std::uint64_t step) const;

  /// A validation loss, for the plateau; others take no notice.  A loss that is no number is no
  /// improvement.
  void observe(double loss);

  [[nodiscard]] const ScheduleState& state() const { return state_; }
  void restore(const ScheduleState& state) { state_ = state; }

 private:
  ScheduleOptions options_;
  ScheduleState state_;
};

}  // namespace frugal::train
