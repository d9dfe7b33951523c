#pragma once

/// Progress on stderr, for people.

#include <memory>
#include <string>

#include "frugal/base/progress.h"
#include "frugal/base/units.h"

namespace frugal::cli {

/// A bar with an ETA that redraws itself on a terminal; elsewhere a line every ten seconds, and one
/// when a stage begins, a second apart at least.  Cleared when destroyed.
class ProgressBar {
 public:
  explicit ProgressBar(bool terminal);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(const ProgressUpdate& update);

 private:
  void draw(const ProgressUpdate& update, Seconds elapsed);
  void print_line(const ProgressUpdate& update, Seconds elapsed) const;

  bool terminal_;
  bool drawn_ = false;
  std::string stage_;
  Seconds stage_start_;
  std::uint64_t stage_first_ = 0;  ///< done when the stage was first seen: a resumed job's past
  Seconds last_;
};

/// "quantise  [#####.....]  52 %  ETA 0:31"; `first` was done before `elapsed` began.
[[nodiscard]] std::string progress_text(const ProgressUpdate& update, Seconds elapsed,
                                        std::uint64_t first = 0);

}  // namespace frugal::cli
