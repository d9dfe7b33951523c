#include "frugal/text/tokenizer.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/text/bpe.h"
#include "frugal/text/known_tokens.h"
#include "frugal/text/spaces.h"
#include "frugal/text/spm.h"
#include "frugal/text/token_index.h"
#include "frugal/text/unigram.h"
#include "frugal/text/word_piece.h"

namespace frugal::text {
namespace {

constexpr std::size_t kMaxTokens = std::size_t{1} << 24;

[[noreturn]] void corrupt(const std::string& what) {
  throw Error(ErrorKind::kCorrupt, "vocabulary: " + what);
}

void check_lengths(const Vocabulary& vocabulary) {
  const std::size_t count = vocabulary.tokens.size();
  if (count == 0 || count > kMaxTokens) {
    corrupt(str("{} tokens, expected 1 to {}", count, kMaxTokens));
  }
  if (!vocabulary.scores.empty() && vocabulary.scores.size() != count) {
    corrupt(str("{} scores for {} tokens, expected one each", vocabulary.scores.size(), count));
  }
  if (!vocabulary.types.empty() && vocabulary.types.size() != count) {
    corrupt(str("{} types for {} tokens, expected one each", vocabulary.types.size(), count));
  }
}

void check_id(const Vocabulary& vocabulary, const char* name, std::optional<TokenId> id) {
  const std::size_t count = vocabulary.tokens.size();
  if (id && (*id < 0 || static_cast<std::size_t>(*id) >= count)) {
    corrupt(str("{} token id {}, expected 0 to {}", name, *id, count - 1));
  }
}

void check_ids(const Vocabulary& vocabulary) {
  check_id(vocabulary, "begin-of-text", vocabulary.bos);
  check_id(vocabulary, "end-of-text", vocabulary.eos);
  check_id(vocabulary, "end-of-turn", vocabulary.eot);
  check_id(vocabulary, "end-of-message", vocabulary.eom);
  check_id(vocabulary, "unknown", vocabulary.unknown);
  check_id(vocabulary, "class", vocabulary.cls);
  check_id(vocabulary, "separator", vocabulary.sep);
  check_id(vocabulary, "padding", vocabulary.pad);
  check_id(vocabulary, "mask", vocabulary.mask);
  for (const TokenId id : vocabulary.ends) check_id(vocabulary, "end-of-text", id);
  for (const TokenId id : vocabulary.strips_left) check_id(vocabulary, "stripping", id);
  for (const TokenId id : vocabulary.strips_right) check_id(vocabulary, "stripping", id);
  if (vocabulary.add_bos && !vocabulary.bos) {
    corrupt("begin-of-text is to be added, expected the id of its token");
  }
  if (vocabulary.add_eos && !vocabulary.eos) {
    corrupt("end-of-text is to be added, expected the id of its token");
  }
}

void check_scores(const Vocabulary& vocabulary) {
  const auto bad = std::find_if_not(vocabulary.scores.begin(), vocabulary.scores.end(),
                                    [](float score) { return std::isfinite(score); });
  if (bad == vocabulary.scores.end()) return;
  corrupt(
      str("token {} has score {}, expected a finite one", bad - vocabulary.scores.begin(), *bad));
}

void check_types(const Vocabulary& vocabulary) {
  for (std::size_t i = 0; i < vocabulary.types.size(); ++i) {
    const TokenType type = vocabulary.types[i];
    if (type < TokenType::kNormal || type > TokenType::kByte) {
      corrupt(str("token {} has type {}, expected 1 to 6", i, static_cast<std::int32_t>(type)));
    }
    if (type == TokenType::kByte && !parse_byte_token(vocabulary.tokens[i])) {
      corrupt(str("byte token {} is '{}', expected the form <0xHH>", i,
                  printable(vocabulary.tokens[i])));
    }
  }
}

// A file without types still means "</s>" to end a text and "<0x0A>" to be a byte.
void infer_types(Vocabulary& vocabulary) {
  vocabulary.types.assign(vocabulary.tokens.size(), TokenType::kNormal);
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    if (parse_byte_token(vocabulary.tokens[i])) vocabulary.types[i] = TokenType::kByte;
  }
  const auto set = [&](std::optional<TokenId> id, TokenType type) {
    if (id) vocabulary.types[static_cast<std::size_t>(*id)] = type;
  };
  set(vocabulary.unknown, TokenType::kUnknown);
  set(vocabulary.bos, TokenType::kControl);
  set(vocabulary.eos, TokenType::kControl);
  set(vocabulary.eot, TokenType::kControl);
  set(vocabulary.eom, TokenType::kControl);
  set(vocabulary.cls, TokenType::kControl);
  set(vocabulary.sep, TokenType::kControl);
  set(vocabulary.pad, TokenType::kControl);
  set(vocabulary.mask, TokenType::kControl);
}

void infer_unknown(Vocabulary& vocabulary) {
  if (vocabulary.unknown) return;
  const auto found =
      std::find(vocabulary.types.begin(), vocabulary.types.end(), TokenType::kUnknown);
  if (found == vocabulary.types.end()) return;
  vocabulary.unknown = static_cast<TokenId>(found - vocabulary.types.begin());
}

using Maker = std::unique_ptr<Tokenizer> (*)(Vocabulary);

template <class Rule>
std::unique_ptr<Tokenizer> make_rule(Vocabulary vocabulary) {
  return std::make_unique<Rule>(std::move(vocabulary));
}

Maker find_maker(std::string_view model) {
  if (model == "llama") return make_rule<SpmTokenizer>;
  if (model == "gpt2" || model == "gemma4") return make_rule<BpeTokenizer>;
  if (model == "bert") return make_rule<WordPieceTokenizer>;
  if (model == "t5") return make_rule<UnigramTokenizer>;
  throw Error(ErrorKind::kUnsupported,
              str("tokenizer '{}' is not one of: llama, gpt2, gemma4, bert, t5", printable(model)));
}

}  // namespace

// As the rules spell it that write a space as U+2581.
std::string Tokenizer::piece(TokenId token, bool special) const {
  const std::string& text = text_of(token);
  switch (type_of(token)) {
    case TokenType::kControl:
    case TokenType::kUnknown:
      return special ? text : std::string();
    case TokenType::kByte:
      return std::string(1, static_cast<char>(parse_byte_token(text).value()));
    case TokenType::kNormal:
    case TokenType::kUserDefined:
    case TokenType::kUnused:
      break;
  }
  return unescape_spaces(text);
}

bool Tokenizer::ends_text(TokenId token) const {
  const Vocabulary& v = vocabulary();
  return v.eos == token || v.eot == token || v.eom == token ||
         std::find(v.ends.begin(), v.ends.end(), token) != v.ends.end();
}

TokenType Tokenizer::type_of(TokenId token) const {
  if (token < 0 || static_cast<std::size_t>(token) >= size()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("decode: token id {}, expected 0 to {}", token, size() - 1));
  }
  return vocabulary().types[static_cast<std::size_t>(token)];
}

const std::string& Tokenizer::text_of(TokenId token) const {
  std::ignore = type_of(token);
  return vocabulary().tokens[static_cast<std::size_t>(token)];
}

TokenId Tokenizer::unknown_for(std::string_view symbol) const {
  const std::optional<TokenId> unknown = vocabulary().unknown;
  if (unknown) return *unknown;
  throw Error(ErrorKind::kInvalidArgument,
              str("encode: '{}' is not in the vocabulary, expected byte tokens or an unknown "
                  "token that can stand for it",
                  printable(symbol)));
}

std::unique_ptr<Tokenizer> make_tokenizer(Vocabulary vocabulary) {
  const Maker make = find_maker(vocabulary.model);
  check_lengths(vocabulary);
  check_ids(vocabulary);
  check_scores(vocabulary);
  check_types(vocabulary);
  if (vocabulary.types.empty()) infer_types(vocabulary);
  if (vocabulary.scores.empty()) vocabulary.scores.assign(vocabulary.tokens.size(), 0.0F);
  infer_unknown(vocabulary);
  recognise_known_tokens(vocabulary);
  return make(std::move(vocabulary));
}

}  // namespace frugal::text
