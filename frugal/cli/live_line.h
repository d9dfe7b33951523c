#pragma once

/// Power now, for people who watch.

#include <string>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/meter/meter.h"

namespace frugal::cli {

/// One line on stderr that redraws itself on a terminal, twice a second; elsewhere a line every ten
/// seconds.  Cleared when destroyed.
class LiveLine {
 public:
  LiveLine();
  explicit LiveLine(bool terminal) : terminal_(terminal) {}
  ~LiveLine();
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  void update(Seconds at, const std::vector<meter::Reading>& lap);

 private:
  std::vector<meter::Reading> sums_;  ///< of the laps since the line was drawn
  Seconds drawn_at_;
  bool terminal_;
  bool drawn_ = false;
};

/// "12.3 s  package-0 45.12 W  dram-0 unknown".
[[nodiscard]] std::string live_text(Seconds at, const std::vector<meter::Reading>& sums);

}  // namespace frugal::cli
