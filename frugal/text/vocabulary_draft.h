#pragma once

/// The tokens of a tokenizer.json while they are put together.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "frugal/text/json_node.h"
#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// Tokens come in any order and may leave ids out.
class VocabularyDraft {
 public:
  struct Token {
    std::string text;
    TokenType type = TokenType::kNormal;
    float score = 0.0F;
  };

  /// The token of an id, new or known.  `name` is what the file calls it; a new token has it for
  /// its text.  The reference holds until the draft goes.
  /// Errors: kCorrupt, naming the place, for an id below 0 or above 2^24.
  Token& put(std::int64_t id, const std::string& name, const JsonNode& place);
  [[nodiscard]] std::optional<TokenId> find(const std::string& name) const;
  /// Nothing for an id without a token.
  [[nodiscard]] Token* at(TokenId id);
  [[nodiscard]] std::unordered_map<TokenId, Token>& tokens() { return tokens_; }

  /// Writes texts, types and scores in the order of ids.  An id that was left out gets a token that
  /// is not used.
  /// Errors: kCorrupt where far more ids are left out than there are.
  void finish(Vocabulary& vocabulary);

 private:
  std::unordered_map<TokenId, Token> tokens_;
  std::unordered_map<std::string, TokenId> ids_;
};

}  // namespace frugal::text
