#pragma once

/// The memory of all KV caches: pages that sequences take, share and give back.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "frugal/kernels/kernels.h"
#include "frugal/model/model.h"

namespace frugal::engine {

using kernels::KvType;

/// Index of a page in its pool.
using PageId = std::uint32_t;

/// A fixed number of pages, each with the keys and values of kernels::kPagePositions positions in
/// all layers.  A page belongs to whoever took it and to all it was shared with; when the last one
/// releases it, it is free again.
///
/// Memory is reserved at once and becomes resident as pages are first written.
///
/// Shapes:  a page is [layers][kv_heads] blocks as in kernels/kv_page.h.
/// Threads: taking, sharing and releasing: one at a time.  Blocks of different pages may be written
///          side by side.
class KvPool {
 public:
  /// Errors: kInvalidArgument when the pages exceed the machine's memory, with the size asked for;
  ///         kInvalidArgument for kQ8_0 with a head_dim that is no multiple of 32.
  KvPool(const model::Config& config, std::size_t pages, KvType type);

  [[nodiscard]] KvType type() const { return type_; }
  [[nodiscard]] std::size_t pages() const { return references_.size(); }
  [[nodiscard]] std::size_t free_pages() const { return free_.size(); }
  [[nodiscard]] std::size_t page_bytes() const { return page_bytes_; }

  /// A page of one owner; nothing when all are in use.
  [[nodiscard]] std::optional<PageId> take();
  void share(PageId page);
  void release(PageId page);
  [[nodiscard]] std::uint32_t owners(PageId page) const { return references_[page]; }
  /// Makes `to` hold what `from` holds.
  void copy(PageId from, PageId to);

  [[nodiscard]] std::byte* block(PageId page, std::size_t layer, std::size_t kv_head) {
    return memory_.get() + (page * page_bytes_) + (((layer * kv_heads_) + kv_head) * block_bytes_);
  }

 private:
  KvType type_;
  std::size_t kv_heads_;
  std::size_t block_bytes_ = 0;
  std::size_t page_bytes_ = 0;
  std::vector<std::uint32_t> references_;
  std::vector<PageId> free_;  // a stack: the page given back last is warmest
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> memory_;
};

/// Bytes of one page of this model.
[[nodiscard]] std::size_t kv_page_bytes(const model::Config& config, KvType type);

}  // namespace frugal::engine
