#include "frugal/text/prefix_index.h"

#include <algorithm>
#include <iterator>

#include "frugal/base/error.h"

namespace frugal::text {
namespace {
constexpr std::size_t kMaxTokenBytes = 1024;
}  // namespace

PrefixIndex::PrefixIndex(const Vocabulary& vocabulary) {
  FRUGAL_CHECK(vocabulary.types.size() == vocabulary.tokens.size());
  entries_.reserve(vocabulary.tokens.size());
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const std::string_view text = vocabulary.tokens[i];
    const TokenType type = vocabulary.types[i];
    const bool wanted =
        type == TokenType::kNormal || type == TokenType::kUserDefined || type == TokenType::kUnused;
    if (!wanted || text.empty() || text.size() > kMaxTokenBytes) continue;
    entries_.push_back({.text = text, .token = static_cast<TokenId>(i)});
  }
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.text < b.text; });
  for (std::size_t byte = 0; byte < 256; ++byte) {
    starts_.at(byte + 1) =
        narrow({starts_.at(byte), entries_.size()}, 0, static_cast<unsigned char>(byte)).end;
  }
}

PrefixIndex::Range PrefixIndex::narrow(Range range, std::size_t depth, unsigned char byte) const {
  const auto at = [&](std::size_t i) {
    return std::next(entries_.begin(), static_cast<std::ptrdiff_t>(i));
  };
  const auto byte_of = [&](const Entry& entry) {
    return static_cast<unsigned char>(entry.text[depth]);
  };
  const auto begin = std::partition_point(
      at(range.begin), at(range.end), [&](const Entry& entry) { return byte_of(entry) < byte; });
  const auto end = std::partition_point(begin, at(range.end),
                                        [&](const Entry& entry) { return byte_of(entry) == byte; });
  return {static_cast<std::size_t>(begin - entries_.begin()),
          static_cast<std::size_t>(end - entries_.begin())};
}

}  // namespace frugal::text
