#include "frugal/engine/kv_pool.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/kernels/kv_page.h"

namespace frugal::engine {

namespace {

constexpr std::size_t kAlignment = 64;

std::size_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long size = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(size);
}

void check_type(const model::Config& config, KvType type) {
  if (type != KvType::kQ8_0 || config.head_dim % 32 == 0) return;
  throw Error(
      ErrorKind::kInvalidArgument,
      str("KV cache in q8_0: heads of {} elements, expected a multiple of 32", config.head_dim));
}

}  // namespace

void KvPool::Free::operator()(std::byte* memory) const {
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): what aligned_alloc gave
}

std::size_t kv_page_bytes(const model::Config& config, KvType type) {
  check_type(config, type);
  return config.layers * config.kv_heads * kernels::kv_block_bytes(type, config.head_dim);
}

KvPool::KvPool(const model::Config& config, std::size_t pages, KvType type)
    : type_(type), kv_heads_(config.kv_heads) {
  check_type(config, type);
  block_bytes_ = kernels::kv_block_bytes(type, config.head_dim);
  page_bytes_ = kv_page_bytes(config, type);
  const std::size_t limit = physical_memory();
  if (pages == 0 || pages > std::numeric_limits<PageId>::max() || pages > limit / page_bytes_) {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("KV cache of {} positions: expected 1 to {}, what this machine's memory holds",
            pages * kernels::kPagePositions, limit / page_bytes_ * kernels::kPagePositions));
  }
  const std::size_t bytes = (pages * page_bytes_ + kAlignment - 1) / kAlignment * kAlignment;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, bytes)));
  if (memory_ == nullptr) {
    throw Error(ErrorKind::kInvalidArgument,
                str("KV cache of {} positions: its {} do not fit in memory",
                    pages * kernels::kPagePositions, human_bytes(bytes)));
  }
  references_.resize(pages);
  free_.resize(pages);
  for (std::size_t i = 0; i < pages; ++i) free_[i] = static_cast<PageId>(pages - 1 - i);
}

std::optional<PageId> KvPool::take() {
  if (free_.empty()) return std::nullopt;
  const PageId page = free_.back();
  free_.pop_back();
  references_[page] = 1;
  return page;
}

void KvPool::share(PageId page) {
  FRUGAL_CHECK(references_[page] > 0);
  ++references_[page];
}

void KvPool::release(PageId page) {
  FRUGAL_CHECK(references_[page] > 0);
  if (--references_[page] == 0) free_.push_back(page);
}

void KvPool::copy(PageId from, PageId to) {
  std::copy_n(block(from, 0, 0), page_bytes_, block(to, 0, 0));
}

}  // namespace frugal::engine
