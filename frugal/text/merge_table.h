#pragma once

/// The merges of a BPE vocabulary, by the symbols they join.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "frugal/text/token_index.h"
#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// A number for each text that takes part in merging: the id of its token, or a number above all
/// ids where the vocabulary has no token for it.
using SymbolId = std::uint32_t;

struct Merge {
  std::uint32_t rank = 0;  ///< the lowest goes first
  SymbolId result = 0;
};

/// Threads: const after construction; safe from all.
class MergeTable {
 public:
  /// `index` is of `vocabulary`; both must outlive this.
  /// Errors: kCorrupt for a merge that is not two texts with a space between.
  MergeTable(const Vocabulary& vocabulary, const TokenIndex& index);

  /// Of two merges of the same pair the first.
  [[nodiscard]] std::optional<Merge> find(SymbolId left, SymbolId right) const;
  /// Nothing for a text that is no token and in no merge.
  [[nodiscard]] std::optional<SymbolId> symbol(std::string_view text) const;
  /// The token of a symbol, where it is one.
  [[nodiscard]] std::optional<TokenId> token(SymbolId symbol) const;

 private:
  SymbolId intern(std::string_view text);

  const TokenIndex& index_;
  std::size_t tokens_ = 0;
  std::unordered_map<std::string, SymbolId> others_;  // symbols without a token
  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace frugal::text
