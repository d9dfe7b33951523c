#include "frugal/engine/prefix_tree.h"

#include <utility>

#include "frugal/base/error.h"

namespace frugal::engine {

namespace {

constexpr std::size_t kPage = kernels::kPagePositions;

std::vector<TokenId> page_of(std::span<const TokenId> tokens, std::size_t index) {
  const auto page = tokens.subspan(index * kPage, kPage);
  return {page.begin(), page.end()};
}

}  // namespace

PrefixTree::PrefixTree(std::shared_ptr<KvPool> pool) : pool_(std::move(pool)) {}

PrefixTree::~PrefixTree() {
  release(root_);
}

void PrefixTree::release(Node& node) {
  for (auto& [tokens, child] : node.children) {
    release(*child);
    pool_->release(child->page);
  }
  node.children.clear();
}

std::vector<PageId> PrefixTree::find(std::span<const TokenId> tokens) {
  ++uses_;
  std::vector<PageId> pages;
  Node* node = &root_;
  for (std::size_t i = 0; (i + 1) * kPage <= tokens.size(); ++i) {
    const auto child = node->children.find(page_of(tokens, i));
    if (child == node->children.end()) break;
    node = child->second.get();
    ++node->hits;
    node->last_use = uses_;
    pages.push_back(node->page);
  }
  return pages;
}

PrefixTree::Known PrefixTree::known(std::span<const TokenId> tokens) const {
  Known known;
  const Node* node = &root_;
  for (; (known.pages + 1) * kPage <= tokens.size(); ++known.pages) {
    const auto child = node->children.find(page_of(tokens, known.pages));
    if (child == node->children.end()) break;
    node = child->second.get();
    if (pool_->owners(node->page) > 1) ++known.in_use;
  }
  return known;
}

std::size_t PrefixTree::spare_pages(const Node& node) const {
  std::size_t count = 0;
  for (const auto& [tokens, child] : node.children) {
    const std::size_t below = spare_pages(*child);
    // A page goes only after all below it.
    const bool spare = pool_->owners(child->page) == 1 && below == child->below;
    count += below + (spare ? 1U : 0U);
  }
  return count;
}

void PrefixTree::add(std::span<const TokenId> tokens, std::span<const PageId> pages) {
  FRUGAL_CHECK(tokens.size() >= pages.size() * kPage);
  Node* node = &root_;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    std::unique_ptr<Node>& child = node->children[page_of(tokens, i)];
    if (!child) {
      child = std::make_unique<Node>();
      child->parent = node;
      child->page = pages[i];
      child->last_use = uses_;
      child->positions = (i + 1) * kPage;
      pool_->share(pages[i]);
      ++count_;
      for (Node* above = node; above != nullptr; above = above->parent) ++above->below;
    }
    node = child.get();
  }
}

template <class Visit>
void PrefixTree::each_leaf(Node& node, const Visit& visit) {
  for (auto& [tokens, child] : node.children) {
    if (child->children.empty()) {
      visit(tokens, *child);
    } else {
      each_leaf(*child, visit);
    }
  }
}

bool PrefixTree::evict() {
  const std::vector<TokenId>* key = nullptr;
  Node* victim = nullptr;
  double least = 0.0;
  each_leaf(root_, [&](const std::vector<TokenId>& tokens, Node& leaf) {
    if (pool_->owners(leaf.page) > 1) return;
    const double value = static_cast<double>(1 + leaf.hits) * static_cast<double>(leaf.positions) /
                         static_cast<double>(1 + uses_ - leaf.last_use);
    if (victim != nullptr && value >= least) return;
    victim = &leaf;
    key = &tokens;
    least = value;
  });
  if (victim == nullptr) return false;
  pool_->release(victim->page);
  for (Node* above = victim->parent; above != nullptr; above = above->parent) --above->below;
  victim->parent->children.erase(std::vector<TokenId>(*key));
  --count_;
  return true;
}

}  // namespace frugal::engine
