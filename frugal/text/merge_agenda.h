#pragma once

/// Which merge of a word comes next.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <vector>

#include "frugal/text/merge_table.h"

namespace frugal::text {

/// Two neighbours that may become one, as they were when this was queued.
struct PendingMerge {
  Merge merge;
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  std::uint32_t length = 0;  ///< bytes of both

  /// Less urgent: a higher rank, or further right.
  bool operator<(const PendingMerge& other) const {
    return merge.rank > other.merge.rank || (merge.rank == other.merge.rank && left > other.left);
  }
};

/// A queue of merges, the lowest rank first, the leftmost first among equals.
///
/// A short word's queue is one heap.  In a long word, which has far more pairs than different
/// ranks, each rank has a list: it is sorted once, when its turn comes, and read from left to
/// right.  What joins a list after that waits in a heap beside it.
///
/// Numbers: n entries take O(n log n) time.
/// Threads: one at a time.
class MergeAgenda {
 public:
  /// Empties the queue for a word of so many symbols.
  void start(std::size_t symbols);
  void push(const PendingMerge& pending);
  /// Nothing when all are done.
  [[nodiscard]] std::optional<PendingMerge> pop();

 private:
  using Heap = std::priority_queue<PendingMerge>;
  struct Rank {
    std::vector<PendingMerge> list;
    std::size_t next = 0;  // 0 until its turn has come
    Heap late;
  };

  static PendingMerge take(Rank& rank);

  bool long_word_ = false;
  Heap heap_;
  std::map<std::uint32_t, Rank> ranks_;
};

}  // namespace frugal::text
