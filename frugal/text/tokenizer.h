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
  std::string model;  ///< `tokenizer.ggml.model`: "llama" is SPM
  std::string pre;    ///< `tokenizer.ggml.pre`
  std::vector<std::string> tokens;
  std::vector<float> scores;     ///< empty or one per token
  std::vector<TokenType> types;  ///< empty or one per token
  std::vector<std::string> merges;
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::optional<TokenId> eot;  ///< end of turn, also ends a text
  std::optional<TokenId> unknown;
  bool add_bos = false;
  bool add_eos = false;
  bool add_space_prefix = true;
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
  [[nodiscard]] virtual std::string piece(TokenId token, bool special = false) const = 0;

  /// The text of a whole sequence; drops the space that `encode` put in front.
  [[nodiscard]] virtual std::string decode(std::span<const TokenId> tokens,
                                           bool special = false) const = 0;

  [[nodiscard]] virtual const Vocabulary& vocabulary() const = 0;
  [[nodiscard]] std::size_t size() const { return vocabulary().tokens.size(); }
  /// End of text or end of turn.
  [[nodiscard]] bool ends_text(TokenId token) const;
};

/// Chooses the rule by `vocabulary.model`.
/// Errors: kUnsupported for a rule this build lacks; kCorrupt when tables disagree in length or an
///         id lies outside.
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
