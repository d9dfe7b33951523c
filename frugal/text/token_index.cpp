#include "frugal/text/token_index.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {

std::optional<unsigned char> parse_byte_token(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text.back() != '>') return std::nullopt;
  unsigned char value = 0;
  const char* digits = text.data() + 3;
  const auto [stop, fault] = std::from_chars(digits, digits + 2, value, 16);
  if (fault != std::errc{} || stop != digits + 2) return std::nullopt;
  return value;
}

TokenIndex::TokenIndex(const Vocabulary& vocabulary) {
  FRUGAL_CHECK(vocabulary.types.size() == vocabulary.tokens.size());
  by_text_.reserve(vocabulary.tokens.size());
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const std::string_view text = vocabulary.tokens[i];
    const TokenType type = vocabulary.types[i];
    if (text.empty() || type == TokenType::kControl || type == TokenType::kUnknown ||
        type == TokenType::kByte) {
      continue;
    }
    by_text_.insert_or_assign(text, static_cast<TokenId>(i));
    longest_ = std::max(longest_, text.size());
  }
  add_bytes(vocabulary);
}

void TokenIndex::add_bytes(const Vocabulary& vocabulary) {
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    if (vocabulary.types[i] != TokenType::kByte) continue;
    const std::optional<unsigned char> value = parse_byte_token(vocabulary.tokens[i]);
    FRUGAL_CHECK(value.has_value());
    by_byte_[*value] = static_cast<TokenId>(i);
  }
  // Some converters leave byte tokens marked as normal, and some vocabularies have plain
  // one-byte tokens instead.
  for (std::size_t value = 0; value < by_byte_.size(); ++value) {
    if (by_byte_[value]) continue;
    by_byte_[value] = find(str("<0x{:02X}>", value));
    if (by_byte_[value]) continue;
    by_byte_[value] = find(std::string(1, static_cast<char>(static_cast<unsigned char>(value))));
  }
}

std::optional<TokenId> TokenIndex::find(std::string_view text) const {
  if (text.size() > longest_) return std::nullopt;
  const auto found = by_text_.find(text);
  if (found == by_text_.end()) return std::nullopt;
  return found->second;
}

std::optional<TokenId> TokenIndex::find_byte(unsigned char value) const {
  return by_byte_[value];
}

}  // namespace frugal::text
