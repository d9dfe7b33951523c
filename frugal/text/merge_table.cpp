#include "frugal/text/merge_table.h"

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {
namespace {

std::uint64_t pair_key(SymbolId left, SymbolId right) {
  return (std::uint64_t{left} << 32U) | right;
}

}  // namespace

MergeTable::MergeTable(const Vocabulary& vocabulary, const TokenIndex& index)
    : index_(index), tokens_(vocabulary.tokens.size()) {
  merges_.reserve(vocabulary.merges.size());
  std::uint32_t rank = 0;
  for (const std::string_view text : vocabulary.merges) {
    // From 1, for the left half may itself begin with a space.
    const std::size_t space = text.empty() ? std::string_view::npos : text.find(' ', 1);
    if (space == std::string_view::npos) {
      throw Error(ErrorKind::kCorrupt,
                  str("vocabulary: merge {} is '{}', expected two parts with a space between", rank,
                      printable(text)));
    }
    const std::string_view left = text.substr(0, space);
    const std::string_view right = text.substr(space + 1);
    const SymbolId result = intern(std::string(left) + std::string(right));
    merges_.try_emplace(pair_key(intern(left), intern(right)),
                        Merge{.rank = rank, .result = result});
    ++rank;
  }
}

SymbolId MergeTable::intern(std::string_view text) {
  if (const std::optional<SymbolId> known = symbol(text)) return *known;
  const auto id = static_cast<SymbolId>(tokens_ + others_.size());
  others_.emplace(text, id);
  return id;
}

std::optional<Merge> MergeTable::find(SymbolId left, SymbolId right) const {
  const auto found = merges_.find(pair_key(left, right));
  if (found == merges_.end()) return std::nullopt;
  return found->second;
}

std::optional<SymbolId> MergeTable::symbol(std::string_view text) const {
  if (const std::optional<TokenId> token = index_.find(text)) return static_cast<SymbolId>(*token);
  if (others_.empty()) return std::nullopt;
  const auto found = others_.find(std::string(text));
  if (found == others_.end()) return std::nullopt;
  return found->second;
}

std::optional<TokenId> MergeTable::token(SymbolId symbol) const {
  if (symbol >= tokens_) return std::nullopt;
  return static_cast<TokenId>(symbol);
}

}  // namespace frugal::text
