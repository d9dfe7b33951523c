#include "frugal/text/vocabulary_draft.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {
namespace {
constexpr std::int64_t kMaxId = (std::int64_t{1} << 24) - 1;
constexpr std::size_t kFreeGaps = 65536;  // ids that may be left out, however few there are
}  // namespace

VocabularyDraft::Token& VocabularyDraft::put(std::int64_t id, const std::string& name,
                                             const JsonNode& place) {
  if (id < 0 || id > kMaxId) {
    throw Error(ErrorKind::kCorrupt, str("{}: token '{}' has id {}, expected 0 to {}",
                                         place.place(), printable(name), id, kMaxId));
  }
  const auto number = static_cast<TokenId>(id);
  ids_[name] = number;
  return tokens_.try_emplace(number, Token{.text = name}).first->second;
}

std::optional<TokenId> VocabularyDraft::find(const std::string& name) const {
  const auto found = ids_.find(name);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

VocabularyDraft::Token* VocabularyDraft::at(TokenId id) {
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? nullptr : &found->second;
}

void VocabularyDraft::finish(Vocabulary& vocabulary) {
  std::size_t count = 0;
  for (const auto& [id, token] : tokens_) {
    count = std::max(count, static_cast<std::size_t>(id) + 1);
  }
  if (count > (tokens_.size() * 2) + kFreeGaps) {
    throw Error(ErrorKind::kCorrupt, str("tokenizer.json: {} tokens with ids up to {}, expected "
                                         "ids without such gaps",
                                         tokens_.size(), count - 1));
  }
  for (std::size_t i = 0; i < count; ++i) {
    Token* token = at(static_cast<TokenId>(i));
    vocabulary.tokens.push_back(token ? std::move(token->text) : str("[PAD{}]", i));
    vocabulary.types.push_back(token ? token->type : TokenType::kUnused);
    vocabulary.scores.push_back(token ? token->score : 0.0F);
  }
}

}  // namespace frugal::text
