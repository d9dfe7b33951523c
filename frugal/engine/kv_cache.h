#pragma once

/// Keys and values of the positions of one sequence.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "frugal/engine/kv_pool.h"

namespace frugal::engine {

/// One sequence: the pages that hold its positions, in order.
///
/// Threads: one at a time; the engine's team writes disjoint positions.
class KvCache {
 public:
  /// A sequence with a pool of its own.
  /// Errors: kInvalidArgument when `capacity` is 0 or beyond memory; the message gives the size
  ///         asked for.
  KvCache(const model::Config& config, std::size_t capacity, KvType type = KvType::kF16);
  /// A sequence that takes pages from a pool as it grows, up to `capacity` positions.
  KvCache(std::shared_ptr<KvPool> pool, std::size_t capacity);
  ~KvCache();
  KvCache(KvCache&& other) noexcept = default;
  KvCache& operator=(KvCache&&) = delete;
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] KvType type() const { return pool_->type(); }
  /// Bytes of the pages it holds; shared ones count in full.
  [[nodiscard]] std::size_t bytes() const { return pages_.size() * pool_->page_bytes(); }

  /// Makes room for `count` more positions; false, and nothing is lost, when the pool has no page
  /// left.  A page that others share is copied before its rest is written.
  [[nodiscard]] bool reserve(std::size_t count);
  /// Makes `count` positions, reserved and written before, part of the sequence.
  void advance(std::size_t count);
  /// Forgets all but the first `size` positions and gives back the pages after them.
  void truncate(std::size_t size);
  /// Begins an empty sequence with pages that are full and shared from now on.
  void adopt(std::span<const PageId> pages);

  [[nodiscard]] std::span<const PageId> pages() const { return pages_; }
  [[nodiscard]] KvPool& pool() { return *pool_; }

 private:
  void release_after(std::size_t pages);

  std::shared_ptr<KvPool> pool_;
  std::size_t capacity_;
  std::size_t size_ = 0;
  std::vector<PageId> pages_;
};

/// Pages that hold `positions`.
[[nodiscard]] constexpr std::size_t pages_for(std::size_t positions) {
  return (positions + kernels::kPagePositions - 1) / kernels::kPagePositions;
}

}  // namespace frugal::engine
