#include "frugal/engine/kv_cache.h"

#include <new>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::engine {

KvCache::KvCache(const model::Config& config, std::size_t capacity, KvType type)
    : type_(type),
      width_(config.kv_heads * config.head_dim),
      capacity_(capacity),
      element_bytes_(type == KvType::kF32 ? 4 : 2) {
  constexpr std::size_t kMaxPositions = std::size_t{1} << 31U;
  if (capacity == 0 || capacity > kMaxPositions) {
    throw Error(ErrorKind::kInvalidArgument,
                str("context of {} tokens: expected 1 to {}", capacity, kMaxPositions));
  }
  const std::size_t bytes = config.layers * capacity * width_ * element_bytes_;
  try {
    keys_.resize(bytes);
    values_.resize(bytes);
  } catch (const std::exception&) {  // bad_alloc or length_error
    throw Error(ErrorKind::kInvalidArgument,
                str("context of {} tokens: its KV cache of {} does not fit in memory", capacity,
                    human_bytes(2 * static_cast<std::uint64_t>(bytes))));
  }
}

void KvCache::truncate(std::size_t size) {
  FRUGAL_CHECK(size <= size_);
  size_ = size;
}

void KvCache::advance(std::size_t count) {
  FRUGAL_CHECK(count <= capacity_ - size_);
  size_ += count;
}

std::size_t KvCache::offset(std::size_t layer, std::size_t position) const {
  return ((layer * capacity_) + position) * width_ * element_bytes_;
}

std::byte* KvCache::key(std::size_t layer, std::size_t position) {
  return keys_.data() + offset(layer, position);
}

std::byte* KvCache::value(std::size_t layer, std::size_t position) {
  return values_.data() + offset(layer, position);
}

}  // namespace frugal::engine
