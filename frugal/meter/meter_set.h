#pragma once

/// Several meters as one.

#include <memory>
#include <string>
#include <vector>

#include "frugal/meter/meter.h"

namespace frugal::meter {

/// Starts, samples and stops its parts one after the other; its readings are theirs.  Whoever puts
/// it together answers for the parts not overlapping.
///
/// Threads: one at a time.
class MeterSet final : public Meter {
 public:
  /// `parts` must not be empty; `why` they were chosen ends the description.
  MeterSet(std::vector<std::unique_ptr<Meter>> parts, std::string why);

  /// The parts' names joined by "+".
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string description() const override;
  /// The shortest of the parts'.
  [[nodiscard]] std::optional<Seconds> max_sample_period() const override;
  void start() override;
  void sample() override;
  [[nodiscard]] std::shared_ptr<const Mark> mark() const override;
  [[nodiscard]] std::vector<Reading> since(const Mark& from) const override;
  [[nodiscard]] std::vector<Reading> stop() override;

 private:
  struct Moment;

  std::vector<std::unique_ptr<Meter>> parts_;
  std::string why_;
  std::string name_;
};

}  // namespace frugal::meter
