#pragma once

/// From the bytes of a token back to its id.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// "<0x41>" -> 'A'.  Nothing when the text is not exactly of that form; hex digits of either case.
[[nodiscard]] std::optional<unsigned char> parse_byte_token(std::string_view text);

/// Look-up of tokens by text and by byte.  Of two tokens with the same text the later one wins.
///
/// Text finds normal, user-defined and unused tokens only: what a person types can never become a
/// control, unknown or byte token, except through special-token parsing.
///
/// Threads: const after construction; safe from all.
class TokenIndex {
 public:
  /// Keeps views into `vocabulary.tokens`, which must outlive the index; `types` has one entry per
  /// token.
  explicit TokenIndex(const Vocabulary& vocabulary);

  [[nodiscard]] std::optional<TokenId> find(std::string_view text) const;
  /// The byte token of a value; without one a token whose text is "<0xHH>" or the byte itself.
  [[nodiscard]] std::optional<TokenId> find_byte(unsigned char value) const;
  /// Bytes of the longest text that find() knows.
  [[nodiscard]] std::size_t longest() const { return longest_; }

 private:
  void add_bytes(const Vocabulary& vocabulary);

  std::unordered_map<std::string_view, TokenId> by_text_;
  std::array<std::optional<TokenId>, 256> by_byte_;
  std::size_t longest_ = 0;  // bytes; spares the hashing of texts that cannot be there
};

}  // namespace frugal::text
