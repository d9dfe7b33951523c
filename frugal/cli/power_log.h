#pragma once

/// Power over time for the ledger, however long a run lasts.

#include <cstddef>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/ledger/ledger.h"
#include "frugal/meter/meter.h"

namespace frugal::cli {

/// Keeps laps of a meter that follow each other as mean powers of their domains.  When there are
/// too many, neighbours become one, so that memory and ledger stay small.
///
/// Threads: one at a time.
class PowerLog {
 public:
  /// Long enough to cost nothing, short enough to see phases of an answer.
  static constexpr Seconds kInterval{0.25};

  /// `most_laps`: an even number.
  explicit PowerLog(std::size_t most_laps = 1024) : most_laps_(most_laps) {}

  /// The lap that ended `at` after the start; domains without known energy are left out.
  void add(Seconds at, const std::vector<meter::Reading>& lap);
  [[nodiscard]] std::vector<ledger::PowerSample> samples() const;

 private:
  struct Lap {
    Seconds at;
    std::vector<meter::Reading> readings;
  };
  void join_neighbours();

  std::size_t most_laps_;
  std::size_t joined_ = 1;   ///< laps of the meter in one of ours
  std::size_t pending_ = 0;  ///< of the last one so far
  std::vector<Lap> laps_;
};

}  // namespace frugal::cli
