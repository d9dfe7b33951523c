#pragma once

/// All tokens that a text begins with.

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// Normal, user-defined and unused tokens in the order of their texts, so that one walk along a
/// text narrows down all that it begins with.
///
/// Numbers: tokens above 1 KiB are left out, which bounds a walk whatever the vocabulary holds.
/// Threads: const after construction; safe from all.
class PrefixIndex {
 public:
  /// Keeps views into `vocabulary.tokens`, which must outlive this; `types` has one entry per
  /// token.
  explicit PrefixIndex(const Vocabulary& vocabulary);

  /// Calls sink(length, token) for each token that `text` begins with, the shortest first.  Of two
  /// tokens with the same text the later one.
  template <class Sink>
  void each(std::string_view text, const Sink& sink) const {
    if (text.empty()) return;
    const auto first = static_cast<unsigned char>(text[0]);
    Range range = {starts_[first], starts_[first + std::size_t{1}]};
    for (std::size_t depth = 1; range.begin < range.end; ++depth) {
      // The tokens that end here come first among those that share these bytes.
      TokenId found = -1;
      while (range.begin < range.end && entries_[range.begin].text.size() == depth) {
        found = entries_[range.begin++].token;
      }
      if (found >= 0) sink(depth, found);
      if (depth == text.size()) return;
      range = narrow(range, depth, static_cast<unsigned char>(text[depth]));
    }
  }

 private:
  struct Entry {
    std::string_view text;
    TokenId token = 0;
  };
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // Those of a range whose byte at `depth` is `byte`.
  [[nodiscard]] Range narrow(Range range, std::size_t depth, unsigned char byte) const;

  std::vector<Entry> entries_;
  std::array<std::size_t, 257> starts_{};  // where the tokens of each first byte begin
};

}  // namespace frugal::text
