#include "frugal/engine/kv_cache.h"

#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::engine {

using kernels::kPagePositions;

namespace {

constexpr std::size_t kMaxPositions = std::size_t{1} << 31U;

void check_capacity(std::size_t capacity) {
  if (capacity > 0 && capacity <= kMaxPositions) return;
  throw Error(ErrorKind::kInvalidArgument,
              str("context of {} tokens: expected 1 to {}", capacity, kMaxPositions));
}

std::shared_ptr<KvPool> own_pool(const model::Config& config, std::size_t capacity, KvType type) {
  check_capacity(capacity);
  return std::make_shared<KvPool>(config, pages_for(capacity), type);
}

}  // namespace

KvCache::KvCache(const model::Config& config, std::size_t capacity, KvType type)
    : KvCache(own_pool(config, capacity, type), capacity) {}

KvCache::KvCache(std::shared_ptr<KvPool> pool, std::size_t capacity)
    : pool_(std::move(pool)), capacity_(capacity) {
  check_capacity(capacity);
}

KvCache::~KvCache() {
  if (pool_) release_after(0);  // null: moved from
}

void KvCache::release_after(std::size_t pages) {
  while (pages_.size() > pages) {
    pool_->release(pages_.back());
    pages_.pop_back();
  }
}

bool KvCache::reserve(std::size_t count) {
  FRUGAL_CHECK(count <= capacity_ - size_);
  if (size_ % kPagePositions != 0 && pool_->owners(pages_[size_ / kPagePositions]) > 1) {
    PageId& shared = pages_[size_ / kPagePositions];
    const auto own = pool_->take();
    if (!own) return false;
    pool_->copy(shared, *own);
    pool_->release(std::exchange(shared, *own));
  }
  while (pages_.size() < pages_for(size_ + count)) {
    const auto page = pool_->take();
    if (!page) return false;
    pages_.push_back(*page);
  }
  return true;
}

void KvCache::advance(std::size_t count) {
  FRUGAL_CHECK(count <= capacity_ - size_ && pages_.size() >= pages_for(size_ + count));
  size_ += count;
}

void KvCache::truncate(std::size_t size) {
  FRUGAL_CHECK(size <= size_);
  size_ = size;
  release_after(pages_for(size));
}

void KvCache::adopt(std::span<const PageId> pages) {
  FRUGAL_CHECK(size_ == 0 && pages.size() * kPagePositions <= capacity_);
  release_after(0);
  for (const PageId page : pages) {
    pool_->share(page);
    pages_.push_back(page);
  }
  size_ = pages.size() * kPagePositions;
}

}  // namespace frugal::engine
