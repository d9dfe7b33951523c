#pragma once

/// Byte pair encoding by ranked merges, in GGUF called "gpt2" and "gemma4".

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/text/merge_table.h"
#include "frugal/text/pre_tokenizer.h"
#include "frugal/text/special_tokens.h"
#include "frugal/text/token_index.h"
#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// Cuts a text into words, and in each joins the two neighbours whose merge has the lowest rank,
/// leftmost first among equals, until no two neighbours have one.
///
/// Byte-level ("gpt2"): symbols are bytes, so decode(encode(x)) == x for every byte string x when
/// all 256 bytes have tokens, but for white space that special tokens swallow and for the text of
/// control tokens that `parse_special` found.  On characters ("gemma4"): symbols are characters,
/// a space is U+2581, and what has no token goes through byte tokens.
///
/// Numbers: n bytes take O(n log n) time and at most about 100 n bytes of memory.
/// Errors:  encode: kInvalidArgument for what neither the vocabulary nor its unknown token can
/// stand
///          for, and for a text above 1 GiB.  The constructor: kUnsupported for an unknown `pre`,
///          kCorrupt for a malformed merge.
/// Threads: const; safe from all.
/// Source:  Sennrich et al. 2016, arXiv:1508.07909; Radford et al. 2019 (GPT-2); llama.cpp
///          `llm_tokenizer_bpe`, whose ids these are for well-formed UTF-8.
class BpeTokenizer final : public Tokenizer {
 public:
  /// `vocabulary` has passed make_tokenizer's checks.
  explicit BpeTokenizer(Vocabulary vocabulary);

  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options) const override;
  [[nodiscard]] std::string piece(TokenId token, bool special) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens, bool special) const override;
  [[nodiscard]] const Vocabulary& vocabulary() const override { return vocabulary_; }

 private:
  class Word;

  void encode_plain(std::string_view text, std::vector<TokenId>& out) const;
  [[nodiscard]] std::optional<TokenId> whole_word(std::string_view word) const;
  void emit(std::string_view bytes, std::vector<TokenId>& out) const;

  Vocabulary vocabulary_;
  TokenIndex index_;        // views into vocabulary_
  SpecialTokens specials_;  // likewise
  PreTokenizer pre_;
  MergeTable merges_;
  bool characters_ = false;
  bool ignore_merges_ = false;
  std::array<std::optional<SymbolId>, 256> byte_symbols_;  // of the byte-level rule
};

}  // namespace frugal::text
