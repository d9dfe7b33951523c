#include "frugal/text/merge_agenda.h"

#include <algorithm>

namespace frugal::text {
namespace {
constexpr std::size_t kLongWord = 256;  // symbols
}  // namespace

void MergeAgenda::start(std::size_t symbols) {
  long_word_ = symbols >= kLongWord;
  heap_ = Heap();
  ranks_.clear();
}

void MergeAgenda::push(const PendingMerge& pending) {
  if (!long_word_) {
    heap_.push(pending);
    return;
  }
  Rank& rank = ranks_[pending.merge.rank];
  if (rank.next == 0) {
    rank.list.push_back(pending);
  } else {
    rank.late.push(pending);
  }
}

std::optional<PendingMerge> MergeAgenda::pop() {
  if (!long_word_) {
    if (heap_.empty()) return std::nullopt;
    const PendingMerge first = heap_.top();
    heap_.pop();
    return first;
  }
  if (ranks_.empty()) return std::nullopt;
  Rank& lowest = ranks_.begin()->second;
  const PendingMerge first = take(lowest);
  if (lowest.next == lowest.list.size() && lowest.late.empty()) ranks_.erase(ranks_.begin());
  return first;
}

PendingMerge MergeAgenda::take(Rank& rank) {
  const auto more_urgent = [](const PendingMerge& a, const PendingMerge& b) { return b < a; };
  if (rank.next == 0) std::sort(rank.list.begin(), rank.list.end(), more_urgent);
  const bool listed = rank.next < rank.list.size();
  if (!rank.late.empty() && (!listed || more_urgent(rank.late.top(), rank.list[rank.next]))) {
    const PendingMerge first = rank.late.top();
    rank.late.pop();
    return first;
  }
  return rank.list[rank.next++];
}

}  // namespace frugal::text
