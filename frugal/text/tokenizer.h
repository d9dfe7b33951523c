#pragma once

/// Characters to token ids and back.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::text {

using TokenId = std::int32_t;

/// What a token is for.  The values are those of `tokenizer.ggml.token_type`.
enum class TokenType : std::int32_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

/// Everything a tokenizer needs, as read from a file by `model`.
struct Vocabulary {
  /// `tokenizer.ggml.model`: "llama" is SPM, "gpt2" byte-level BPE, "gemma4" BPE on characters,
  /// "bert" WordPiece, "t5" Unigram.
  std::string model;
  std::string pre;  ///< `tokenizer.ggml.pre`: how BPE finds words, see pre_tokenizer.h
  std::vector<std::string> tokens;
  std::vector<float> scores;        ///< empty or one per token
  std::vector<TokenType> types;     ///< empty or one per token
  std::vector<std::string> merges;  ///< "left right", the most urgent first
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::optional<TokenId> eot;  ///< end of turn, also ends a text
  std::optional<TokenId> eom;  ///< end of message, also ends a text
  std::optional<TokenId> unknown;
  std::optional<TokenId> cls;  ///< stands for a whole text in a classifier
  std::optional<TokenId> sep;  ///< ends each text of a pair
  std::optional<TokenId> pad;
  std::optional<TokenId> mask;
  std::vector<TokenId> ends;          ///< further tokens that end a text
  std::vector<TokenId> strips_left;   ///< cut out of a text with the white space before them
  std::vector<TokenId> strips_right;  ///< likewise, with the white space behind them
  std::string charsmap;               ///< Unigram: the compiled rules of normalisation, or empty
  std::optional<bool>
      ignore_merges;  ///< a word that is a token stays whole; nothing: as `pre` says
  bool add_bos = false;
  bool add_eos = false;
  bool add_space_prefix = true;
  bool remove_extra_spaces = false;  ///< Unigram: runs of spaces become one
  bool lowercase = true;             ///< WordPiece
  bool strip_accents = true;         ///< WordPiece
};

struct EncodeOptions {
  bool add_special = false;    ///< begin- and end-of-text as the vocabulary asks for them
  bool parse_special = false;  ///< "</s>" in the text becomes the token, not seven characters
};

/// A vocabulary with its rule.
///
/// Threads: const; safe from all.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Any bytes are accepted; what is not UTF-8 goes through byte tokens where the vocabulary has
  /// them, else through `unknown`.
  [[nodiscard]] virtual std::vector<TokenId> encode(std::string_view text,
                                                    const EncodeOptions& options) const = 0;

  /// The bytes one token stands for when it follows others; control tokens give none unless
  /// `special`.  Bytes of one character may be spread over tokens.
  /// Errors: an id outside the vocabulary is kInvalidArgument.
  [[nodiscard]] virtual std::string piece(TokenId token, bool special = false) const;

  /// The text of a whole sequence; drops the space that `encode` put in front.
  [[nodiscard]] virtual std::string decode(std::span<const TokenId> tokens,
                                           bool special = false) const = 0;

  [[nodiscard]] virtual const Vocabulary& vocabulary() const = 0;
  [[nodiscard]] std::size_t size() const { return vocabulary().tokens.size(); }
  /// End of text, of turn or of message, also where only the token's text tells so.
  [[nodiscard]] bool ends_text(TokenId token) const;

 protected:
  /// Errors: an id outside the vocabulary is kInvalidArgument.
  [[nodiscard]] TokenType type_of(TokenId token) const;
  [[nodiscard]] const std::string& text_of(TokenId token) const;
  /// The token that stands for what the vocabulary lacks.
  /// Errors: kInvalidArgument, naming `symbol`, where there is none.
  [[nodiscard]] TokenId unknown_for(std::string_view symbol) const;
};

/// Chooses the rule by `vocabulary.model`.
/// What a file leaves out is filled in: types, scores, the unknown token, and the tokens that end a
/// text by their well-known names.
/// Errors: kUnsupported for a rule or a `pre` that this build lacks; kCorrupt when tables disagree
///         in length, an id lies outside, or a merge has not two halves.
[[nodiscard]] std::unique_ptr<Tokenizer> make_tokenizer(Vocabulary vocabulary);

/// Joins pieces so that a caller never sees half a UTF-8 character.
///
/// Threads: one at a time.
class Utf8Stream {
 public:
  /// The complete characters so far, including what was held back before.  Bytes that can never
  /// become a character come out as U+FFFD.
  [[nodiscard]] std::string push(std::string_view bytes);
  /// What is still held back, as U+FFFD where it is no character.
  [[nodiscard]] std::string finish();

 private:
  std::string pending_;
};

}  // namespace frugal::text
