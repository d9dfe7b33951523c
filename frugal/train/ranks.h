#pragma once

/// Several processes that train one model.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/units.h"

namespace frugal::train {

/// Which of several processes that train one model together this one is.  Rank 0 leads: it alone
/// writes files, and the others find it at `address` and `port`.
struct Ranks {
  std::size_t rank = 0;
  std::size_t count = 1;
  std::size_t local_rank = 0;  ///< among those on this machine: which GPU is its own
  std::string address = "127.0.0.1";
  std::uint16_t port = 29500;  ///< 0, on rank 0 alone: any free one
  std::string interface;       ///< of the network, such as eth0; empty: what the host's name says
  /// Rank 0: called with its port once the others may come.
  std::function<void(std::uint16_t port)> listening = {};
  /// Called now and then while others are awaited; may throw to give up.
  std::function<void()> waiting = {};
  double patience_s = 1800.0;  ///< that a rank is waited for before it is taken for lost
};

/// Thrown where a run ends because of another rank: it died, or asked all to stop.
class LostRanks : public Error {
 public:
  explicit LostRanks(const std::string& message) : Error(ErrorKind::kIo, message) {}
};

/// Bytes that all ranks together sent in this run, and the time this rank spent on that: preparing,
/// copying, waiting.
struct Communication {
  std::uint64_t bytes = 0;
  Seconds time;
};

}  // namespace frugal::train
