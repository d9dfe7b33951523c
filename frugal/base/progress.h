#pragma once

/// How long work tells how far it is, and how it is stopped.

#include <cstdint>
#include <functional>
#include <string_view>

namespace frugal {

/// One step of a long job.
struct ProgressUpdate {
  std::string_view stage;        ///< what is being done, e.g. "quantise blk.3.ffn_up.weight"
  std::uint64_t done = 0;        ///< in units of the job's own choice
  std::uint64_t total = 0;       ///< 0 when not known
  std::string_view detail = {};  ///< what else people want to see: "loss 1.23, 950 token/s"
};

/// Called by long jobs at least a few times a second, on the thread that started the job.
///
/// The callback may throw: the job then unwinds, keeps what was finished, leaves no half-written
/// file and lets the exception through.  This is the one way to cancel.
using ProgressFn = std::function<void(const ProgressUpdate&)>;

/// Calls `progress` unless it is empty.
inline void report_progress(const ProgressFn& progress, const ProgressUpdate& update) {
  if (progress) progress(update);
}

}  // namespace frugal
