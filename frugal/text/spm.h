#pragma once

/// The rule of SentencePiece's BPE models, in GGUF called "llama".

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/text/special_tokens.h"
#include "frugal/text/token_index.h"
#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// Merges neighbouring characters into the token of the highest score until no two neighbours
/// form a token; what then is no token goes through byte tokens.
///
/// decode(encode(x)) == x for every byte string x, when the vocabulary has all 256 byte tokens and
/// "▁" (U+2581), except where x holds
///   - U+2581 itself, which comes back as a space: the rule writes every space as U+2581;
///   - the text of a control or unknown token, when `parse_special` turned it into that token
///     (decode gives it back with `special`; after an unknown token the inserted space stays).
/// Without the byte tokens a character outside the vocabulary becomes `unknown`, which decodes to
/// nothing.
///
/// Numbers: n bytes take O(n log n) time and at most about 80 n bytes of memory.
/// Errors:  encode: kInvalidArgument for a character outside a vocabulary that has neither byte
///          tokens for it nor an unknown token, and for a text above 1 GiB.
/// Threads: const; safe from all.
/// Source:  Kudo and Richardson 2018, arXiv:1808.06226; llama.cpp `llm_tokenizer_spm`, whose ids
///          these are for well-formed UTF-8.
class SpmTokenizer final : public Tokenizer {
 public:
  /// `vocabulary` has passed make_tokenizer's checks: one type and one score per token.
  explicit SpmTokenizer(Vocabulary vocabulary);

  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens, bool special) const override;
  [[nodiscard]] const Vocabulary& vocabulary() const override { return vocabulary_; }

 private:
  void encode_plain(std::string_view text, bool space_first, std::vector<TokenId>& out) const;
  void emit(std::string_view symbol, std::vector<TokenId>& out) const;
  [[nodiscard]] bool is_cut_out(TokenId token) const;

  Vocabulary vocabulary_;
  TokenIndex index_;        // views into vocabulary_
  SpecialTokens specials_;  // likewise
};

}  // namespace frugal::text
