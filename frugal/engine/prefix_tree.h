#pragma once

/// Which token prefixes lie in which pages: a radix tree whose edges are one page long.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "frugal/engine/kv_cache.h"
#include "frugal/text/tokenizer.h"

namespace frugal::engine {

using text::TokenId;

/// Remembers the full pages of sequences, also of those still running, so that a sequence with the
/// same beginning need not compute it again.
///
/// The tree owns a share of each page it knows.  A page that nobody else owns may be given up; the
/// one given up first is worth least:
///
///   value = (1 + hits) * positions up to and with the page / (1 + uses of the tree since the last
///   hit)
///
/// a page late in a long prefix being dearer to recompute, for its attention and all before it.
/// Only leaves go, so a prefix is always whole.
///
/// Threads: one at a time.
class PrefixTree {
 public:
  explicit PrefixTree(std::shared_ptr<KvPool> pool);
  ~PrefixTree();
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;

  /// Pages of the longest known prefix of `tokens`, whole pages only; each counts a hit.
  [[nodiscard]] std::vector<PageId> find(std::span<const TokenId> tokens);
  /// How many pages `find` would return, and how many of them somebody else owns too; counts no
  /// hit.
  struct Known {
    std::size_t pages = 0;
    std::size_t in_use = 0;
  };
  [[nodiscard]] Known known(std::span<const TokenId> tokens) const;
  /// Learns that `pages` hold the positions of `tokens`; what it knows already stays as it is.
  /// Shapes:  tokens.size() >= 32 * pages.size(), all pages full.
  void add(std::span<const TokenId> tokens, std::span<const PageId> pages);
  /// Gives up the least valuable page that nobody else owns; false when there is none.
  bool evict();

  [[nodiscard]] std::size_t pages() const { return count_; }
  /// Pages that nobody else owns, all of which `evict` could give up one after another.
  [[nodiscard]] std::size_t spare_pages() const { return spare_pages(root_); }

 private:
  struct Node {
    Node* parent = nullptr;
    PageId page = 0;
    std::uint64_t hits = 0;
    std::uint64_t last_use = 0;
    std::size_t positions = 0;  ///< up to and with this page
    std::size_t below = 0;      ///< pages under it
    std::map<std::vector<TokenId>, std::unique_ptr<Node>> children;
  };

  template <class Visit>
  void each_leaf(Node& node, const Visit& visit);
  void release(Node& node);
  [[nodiscard]] std::size_t spare_pages(const Node& node) const;

  std::shared_ptr<KvPool> pool_;
  Node root_;
  std::uint64_t uses_ = 0;
  std::size_t count_ = 0;
};

}  // namespace frugal::engine
