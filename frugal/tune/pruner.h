#pragma once

/// Which trials are not worth what they would still cost.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::tune {

/// Watches trials while they spend: a cost is what a trial has spent so far, in a unit of the
/// caller's choice, such as joules; a value is how good it is by then, less is better.
///
/// Numbers: what is answered depends on what was observed before, in this order, alone.
/// Errors:  kInvalidArgument for a cost that falls or is not finite or negative; a value that is no
///          number counts as the worst there is.
/// Threads: one at a time.
class Pruner {
 public:
  virtual ~Pruner() = default;
  Pruner() = default;
  Pruner(const Pruner&) = delete;
  Pruner& operator=(const Pruner&) = delete;

  /// Notes where a trial stands; true when it should be stopped.
  [[nodiscard]] bool observe(std::uint64_t trial, double cost, double value);

  /// All that was observed, as one line of JSON.
  [[nodiscard]] std::string state() const;
  /// Errors: kCorrupt for what is no state; this pruner is unchanged then.
  void restore(std::string_view state);

 protected:
  struct Mark {
    double cost = 0.0;
    double best = 0.0;  ///< value up to this cost
  };
  using Curve = std::vector<Mark>;  ///< of one trial, costs rising

  /// Whether the trial, whose last mark is the newest, should be stopped.
  [[nodiscard]] virtual bool stops(std::uint64_t trial) const = 0;
  [[nodiscard]] const std::map<std::uint64_t, Curve>& curves() const { return curves_; }
  /// The best of a curve up to a cost; infinite when it has no mark there.
  [[nodiscard]] static double best_at(const Curve& curve, double cost);

 private:
  std::map<std::uint64_t, Curve> curves_;
};

struct MedianOptions {
  std::uint32_t startup = 5;  ///< other trials that have come as far; below that none is stopped
  double warmup_cost = 0.0;   ///< no trial is stopped before it has spent this
};

/// Stops a trial whose best value is above the median of the best values that the other trials had
/// when they had spent as much, among those that came as far.
///
/// Errors, threads: as Pruner.
/// Source:  Golovin et al. 2017, "Google Vizier", section 3.2.2.
class MedianPruner final : public Pruner {
 public:
  explicit MedianPruner(const MedianOptions& options = {}) : options_(options) {}

 protected:
  [[nodiscard]] bool stops(std::uint64_t trial) const override;

 private:
  MedianOptions options_;
};

struct HalvingOptions {
  double first_cost = 1.0;  ///< of the first rung
  double factor = 4.0;      ///< eta: between rungs; the best 1 / eta of each go on
};

/// Rungs lie at first_cost · factor^k.  A trial that reaches one is compared with all that have
/// been there before; it goes on when it is among the best max(1, floor(n / factor)) of these n.
///
/// Errors:  as Pruner; kInvalidArgument for a first cost not above 0 and a factor not above 1.
/// Threads: as Pruner.
/// Source:  Li et al. 2020, "A system for massively parallel hyperparameter tuning",
///          arXiv:1810.05934, in the variant that stops instead of pausing.
class HalvingPruner final : public Pruner {
 public:
  explicit HalvingPruner(const HalvingOptions& options);

 protected:
  [[nodiscard]] bool stops(std::uint64_t trial) const override;

 private:
  HalvingOptions options_;
};

}  // namespace frugal::tune
