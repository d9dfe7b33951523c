/// The idea.
///
/// The order in which special tokens are looked for matters when they overlap.  With "<a>b" and
/// "b<c>d" in the vocabulary, "<a>b<c>d" must cut at the longer "b<c>d", although "<a>b" begins
/// further left.  llama.cpp gets this by one sweep over all fragments per token, longest token
/// first: tokens × bytes.  Vocabularies with thousands of reserved tokens make that slow, so the
/// tokens are grouped by length instead, and one sweep per length asks a hash table whether the
/// bytes here are one of them.  A table of first bytes spares nearly all questions: nearly all
/// special tokens start with '<' or '['.
///
/// llama.cpp leaves the order among tokens of one length to an unstable sort.  Here it is the
/// leftmost occurrence, and of two tokens with the same text the later one.

#include "frugal/text/special_tokens.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "frugal/base/error.h"

namespace frugal::text {

namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

bool contains(const std::vector<TokenId>& ids, TokenId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string_view without_end_space(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kWhiteSpace);
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

}  // namespace

SpecialTokens::SpecialTokens(const Vocabulary& vocabulary)
    : user_defined_(collect(vocabulary, false)), all_(collect(vocabulary, true)) {}

SpecialTokens::Classes SpecialTokens::collect(const Vocabulary& vocabulary, bool parse_special) {
  FRUGAL_CHECK(vocabulary.types.size() == vocabulary.tokens.size());
  std::map<std::size_t, LengthClass, std::greater<>> by_length;
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const std::string_view text = vocabulary.tokens[i];
    const TokenType type = vocabulary.types[i];
    const bool wanted =
        type == TokenType::kUserDefined ||
        (parse_special && (type == TokenType::kControl || type == TokenType::kUnknown));
    if (text.empty() || !wanted) continue;
    LengthClass& group = by_length[text.size()];
    group.length = text.size();
    group.first_bytes.set(static_cast<unsigned char>(text[0]));
    const auto id = static_cast<TokenId>(i);
    group.tokens.insert_or_assign(text,
                                  Special{.id = id,
                                          .strips_left = contains(vocabulary.strips_left, id),
                                          .strips_right = contains(vocabulary.strips_right, id)});
  }
  Classes classes;
  classes.reserve(by_length.size());
  for (auto& [length, group] : by_length) classes.push_back(std::move(group));
  return classes;
}

void SpecialTokens::cut(const LengthClass& tokens, std::string_view text,
                        std::vector<Fragment>& out) {
  std::size_t start = 0;
  std::size_t at = 0;
  while (at + tokens.length <= text.size()) {
    if (!tokens.first_bytes.test(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    const auto found = tokens.tokens.find(text.substr(at, tokens.length));
    if (found == tokens.tokens.end()) {
      ++at;
      continue;
    }
    const Special& special = found->second;
    std::string_view before = text.substr(start, at - start);
    if (special.strips_left) before = without_end_space(before);
    if (!before.empty()) out.push_back({before, std::nullopt});
    out.push_back({text.substr(at, tokens.length), special.id});
    at += tokens.length;
    if (special.strips_right) at = std::min(text.find_first_not_of(kWhiteSpace, at), text.size());
    start = at;
  }
  if (start < text.size()) out.push_back({text.substr(start), std::nullopt});
}

std::vector<Fragment> SpecialTokens::split(std::string_view text, bool parse_special) const {
  if (text.empty()) return {};
  std::vector<Fragment> fragments = {{text, std::nullopt}};
  for (const LengthClass& tokens : parse_special ? all_ : user_defined_) {
    if (tokens.length > text.size()) continue;
    std::vector<Fragment> finer;
    finer.reserve(fragments.size());
    for (const Fragment& fragment : fragments) {
      if (fragment.token) {
        finer.push_back(fragment);
      } else {
        cut(tokens, fragment.text, finer);
      }
    }
    fragments = std::move(finer);
  }
  return fragments;
}

}  // namespace frugal::text
