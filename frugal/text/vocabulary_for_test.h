#pragma once

/// Small vocabularies for the tests of this folder.

#include <string>
#include <utility>

#include "frugal/base/str.h"
#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// Appends one token and gives its id.
inline TokenId add_token(Vocabulary& vocabulary, std::string text, float score = 0.0F,
                         TokenType type = TokenType::kNormal) {
  vocabulary.tokens.push_back(std::move(text));
  vocabulary.scores.push_back(score);
  vocabulary.types.push_back(type);
  return static_cast<TokenId>(vocabulary.tokens.size() - 1);
}

/// <unk> = 0, <s> = 1, </s> = 2, "▁" = 3; no bytes, nothing added to a text but the space prefix.
inline Vocabulary tiny_vocabulary() {
  Vocabulary vocabulary;
  vocabulary.model = "llama";
  vocabulary.unknown = add_token(vocabulary, "<unk>", 0.0F, TokenType::kUnknown);
  vocabulary.bos = add_token(vocabulary, "<s>", 0.0F, TokenType::kControl);
  vocabulary.eos = add_token(vocabulary, "</s>", 0.0F, TokenType::kControl);
  add_token(vocabulary, "\xE2\x96\x81", -1000.0F);
  return vocabulary;
}

/// Appends <0x00> to <0xFF> and gives the id of the first.
inline TokenId add_byte_tokens(Vocabulary& vocabulary) {
  const auto first = static_cast<TokenId>(vocabulary.tokens.size());
  for (int value = 0; value < 256; ++value) {
    add_token(vocabulary, str("<0x{:02X}>", value), 0.0F, TokenType::kByte);
  }
  return first;
}

}  // namespace frugal::text
