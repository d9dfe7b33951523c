#pragma once

/// Cuts a text at its special tokens, before any rule sees it.

#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// A stretch of plain text, or the token that stood there.
struct Fragment {
  std::string_view text;         ///< never empty; of a token: the characters it was written as
  std::optional<TokenId> token;  ///< nothing for plain text
};

/// The special tokens of a vocabulary.
///
/// Threads: const after construction; safe from all.
class SpecialTokens {
 public:
  /// Keeps views into `vocabulary.tokens`, which must outlive this; `types` has one entry per
  /// token.
  explicit SpecialTokens(const Vocabulary& vocabulary);

  /// The fragments of `text` in order; their texts together are `text`, but for the white space
  /// that tokens of `strips_left` and `strips_right` swallow.
  ///
  /// User-defined tokens are always found; control and unknown tokens only with `parse_special`.
  /// A longer token takes its characters before any shorter one is looked for, wherever it stands;
  /// among tokens of one length the leftmost wins.
  ///
  /// Threads: safe from all.  The fragments view into `text`.
  [[nodiscard]] std::vector<Fragment> split(std::string_view text, bool parse_special) const;

 private:
  struct Special {
    TokenId id = 0;
    bool strips_left = false;
    bool strips_right = false;
  };
  // All special tokens of one length in bytes.
  struct LengthClass {
    std::size_t length = 0;
    std::bitset<256> first_bytes;
    std::unordered_map<std::string_view, Special> tokens;
  };
  using Classes = std::vector<LengthClass>;  // longest first

  static Classes collect(const Vocabulary& vocabulary, bool parse_special);
  static void cut(const LengthClass& tokens, std::string_view text, std::vector<Fragment>& out);

  Classes user_defined_;
  Classes all_;
};

}  // namespace frugal::text
