#pragma once

/// Vocabularies learned from text, by SentencePiece, whose only door is in `subwords`.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "frugal/text/tokenizer.h"

namespace frugal::train {

/// One document after another; nothing after the last.
using TextSource = std::function<std::optional<std::string>()>;

/// Of a vocabulary of sub-words, rule "llama".  Ids: unknown, begin, end, padding, `control` and
/// `user_defined` in this order, then 256 byte tokens, then what was learned.
struct SubwordOptions {
  std::uint32_t size = 8192;  ///< tokens in all
  std::string unknown = "<unk>";
  std::string begin = "<s>";
  std::string end = "<|im_end|>";
  std::string padding = "<pad>";
  /// Never in a text, never shown.
  std::vector<std::string> control = {"<|im_start|>"};
  /// Found in any text, and shown.
  std::vector<std::string> user_defined = {"<tool_call>", "</tool_call>", "<tool_response>",
                                           "</tool_response>"};
  double coverage = 0.9995;  ///< share of the characters that get tokens; others become bytes
  bool add_begin = false;
  bool add_end = false;
  bool space_prefix = false;  ///< a space before the text, as Llama 2 has it
  /// A space is never one token with the letter or digit behind it: a word is written the same way
  /// after a space and after a quote, so that a small model need not learn which two are one.
  bool spaces_apart = false;
  bool digits_apart = true;  ///< every digit is a token
};

/// Of a vocabulary of word pieces, rule "bert".  Ids: [PAD], [UNK], [CLS], [SEP], [MASK],
/// `control`, then what was learned.
struct WordPieceOptions {
  std::uint32_t size = 8192;
  std::vector<std::string> control = {};
  double coverage = 0.9995;  ///< a word with one of the other characters is unknown
  bool lowercase = true;
  bool strip_accents = true;
};

struct LearnedVocabulary {
  text::Vocabulary vocabulary;
  std::string sentencepiece_model;  ///< the same in SentencePiece's own format (.model)
};

/// Learns the most frequent merges of characters within words.  Digits stay single, every printable
/// ASCII character is a token, nothing is normalised, and any other byte has a token, so that texts
/// come back exactly (text/spm.h).  Names of the special tokens in the texts are cut out and teach
/// nothing.
///
/// Numbers: equal texts in equal order give equal vocabularies.  All texts are held in memory.
/// Errors:  kInvalidArgument, with SentencePiece's words, when the texts are too few for `size` or
///          `size` is too small for the special tokens and characters; kInvalidArgument for names
///          that are empty, given twice or hold white space, commas or quotes; kUnsupported in a
///          build without SentencePiece.  What `source` throws comes through.
/// Threads: one at a time in the process; SentencePiece is made silent for good.
/// Source:  Sennrich et al. 2016, arXiv:1508.07909; Kudo and Richardson 2018, arXiv:1808.06226.
[[nodiscard]] LearnedVocabulary learn_subwords(const TextSource& source,
                                               const SubwordOptions& options);

/// Counts the words that text::bert_words finds, and learns from them as learn_subwords does. Every
/// character can be written, so only words with rare characters are unknown.
///
/// Numbers, errors, threads: as learn_subwords; memory is that of the different words.
[[nodiscard]] LearnedVocabulary learn_word_pieces(const TextSource& source,
                                                  const WordPieceOptions& options);

}  // namespace frugal::train
