#include "frugal/text/tokenizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/text/spm.h"
#include "frugal/text/token_index.h"

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
  check_id(vocabulary, "unknown", vocabulary.unknown);
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
}

void infer_unknown(Vocabulary& vocabulary) {
  if (vocabulary.unknown) return;
  const auto found =
      std::find(vocabulary.types.begin(), vocabulary.types.end(), TokenType::kUnknown);
  if (found == vocabulary.types.end()) return;
  vocabulary.unknown = static_cast<TokenId>(found - vocabulary.types.begin());
}

}  // namespace

bool Tokenizer::ends_text(TokenId token) const {
  return vocabulary().eos == token || vocabulary().eot == token;
}

std::unique_ptr<Tokenizer> make_tokenizer(Vocabulary vocabulary) {
  if (vocabulary.model != "llama") {
    throw Error(ErrorKind::kUnsupported,
                str("tokenizer '{}' is not one of: llama", printable(vocabulary.model)));
  }
  check_lengths(vocabulary);
  check_ids(vocabulary);
  check_scores(vocabulary);
  check_types(vocabulary);
  if (vocabulary.types.empty()) infer_types(vocabulary);
  if (vocabulary.scores.empty()) vocabulary.scores.assign(vocabulary.tokens.size(), 0.0F);
  infer_unknown(vocabulary);
  return std::make_unique<SpmTokenizer>(std::move(vocabulary));
}

}  // namespace frugal::text
