#pragma once

/// The rule of SentencePiece's unigram models, in GGUF called "t5".

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/text/charsmap.h"
#include "frugal/text/prefix_index.h"
#include "frugal/text/special_tokens.h"
#include "frugal/text/token_index.h"
#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// Of all ways to cut the text into tokens the one whose scores sum to the most.  A character
/// outside the vocabulary costs 10 more than the worst token; it goes through byte tokens where
/// the vocabulary has them all, else a run of such characters is one unknown token.
///
/// Before that the text is normalised by the vocabulary's character map, bytes that are not UTF-8
/// become U+FFFD, and spaces become U+2581, with one in front where the vocabulary asks for it.
///
/// Numbers: n bytes take O(n) time and about 40 n bytes of memory; sums
///          in double precision.
/// Errors:  the constructor: kCorrupt for a malformed character map.  encode: kInvalidArgument for
///          an unknown character without an unknown token, and for a text above 16 MiB.
/// Threads: const; safe from all.
/// Source:  Kudo 2018, arXiv:1804.10959; llama.cpp `llm_tokenizer_ugm`, whose ids these are.
class UnigramTokenizer final : public Tokenizer {
 public:
  /// `vocabulary` has passed make_tokenizer's checks: one type and one score per token.
  explicit UnigramTokenizer(Vocabulary vocabulary);

  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens, bool special) const override;
  [[nodiscard]] const Vocabulary& vocabulary() const override { return vocabulary_; }

 private:
  [[nodiscard]] std::string normalise(std::string_view text) const;
  void encode_plain(std::string_view text, std::vector<TokenId>& out) const;
  void emit_unknown(std::string_view characters, std::vector<TokenId>& out) const;

  Vocabulary vocabulary_;
  Charsmap charsmap_;
  PrefixIndex index_;       // views into vocabulary_
  TokenIndex bytes_;        // likewise
  SpecialTokens specials_;  // likewise
  double unknown_score_ = 0;
  bool has_all_bytes_ = false;
};

}  // namespace frugal::text
