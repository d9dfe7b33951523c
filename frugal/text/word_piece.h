#pragma once

/// The rule of BERT's vocabularies, in GGUF called "bert".

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/text/prefix_index.h"
#include "frugal/text/special_tokens.h"
#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// The words that WordPiece sees: lower-cased and without accents where the vocabulary asks for
/// it, cut at white space and around every punctuation mark and Chinese character.  Control
/// characters and bytes that are not UTF-8 are gone.
///
/// Threads: safe from all.
[[nodiscard]] std::vector<std::string> bert_words(std::string_view text, bool lower,
                                                  bool strip_accents);

/// Each word is the longest token it begins with, then the longest token the rest begins with, and
/// so on; a word that cannot be taken apart so is one unknown token.  Tokens that begin a word
/// start with U+2581 in the vocabulary, as GGUF stores them, others do not.
///
/// What is lost in encoding stays lost; decode gives words with single spaces between, closed up
/// before ?!., and inside contractions.  With `add_special`, `bos` is put in front and `sep` at the
/// end, where the vocabulary has them.
///
/// Numbers: n bytes take O(n) time.
/// Errors:  encode: kInvalidArgument for an unknown word without an unknown token, and for a text
///          above 1 GiB.
/// Threads: const; safe from all.
/// Source:  Devlin et al. 2019, arXiv:1810.04805; llama.cpp `llm_tokenizer_wpm`, whose ids these
///          are, also where it keeps of a decomposed character the first part alone.
class WordPieceTokenizer final : public Tokenizer {
 public:
  /// `vocabulary` has passed make_tokenizer's checks.
  explicit WordPieceTokenizer(Vocabulary vocabulary);

  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens, bool special) const override;
  [[nodiscard]] const Vocabulary& vocabulary() const override { return vocabulary_; }

 private:
  void encode_word(std::string_view word, std::vector<TokenId>& out) const;

  Vocabulary vocabulary_;
  PrefixIndex index_;       // views into vocabulary_
  SpecialTokens specials_;  // likewise
};

}  // namespace frugal::text
