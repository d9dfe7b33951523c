/// The idea.
///
/// For each place in the text, from left to right, the best way to reach it is known; every token
/// that the text goes on with there offers a way to reach a later place, and the better of two
/// offers stays.  At the end the ways are followed back.  Offers are compared as sums of doubles in
/// this order, and a later offer wins only when it is truly better, so that ties fall as they do in
/// SentencePiece.
///
/// Where this departs from llama.cpp, neither seen by usual vocabularies: byte tokens are used for
/// unknown characters when all 256 are there, as Hugging Face's byte_fallback does; decoding drops
/// the inserted space after each special token.

#include "frugal/text/unigram.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/text/spaces.h"
#include "frugal/text/utf8.h"

namespace frugal::text {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxNormalisedBytes = std::size_t{64} << 20;  // a map may make it longer
constexpr double kUnknownPenalty = 10;
constexpr TokenId kNoToken = -1;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The best way to reach a place.
struct Way {
  double score = -std::numeric_limits<double>::max();
  std::uint32_t from = 0;
  TokenId token = kNoToken;  // kNoToken for an unknown character
};

std::vector<Way> best_ways(std::string_view text, const PrefixIndex& index,
                           const Vocabulary& vocabulary, double unknown_score) {
  std::vector<Way> ways(text.size() + 1);
  ways[0].score = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const double reached = ways[at].score;
    const auto from = static_cast<std::uint32_t>(at);
    const auto offer = [&](std::size_t length, TokenId token, double score) {
      Way& way = ways[at + length];
      if (reached + score > way.score) way = {reached + score, from, token};
    };
    const std::size_t character = first_utf8_unit(text.substr(at)).length;
    bool known = false;
    index.each(text.substr(at), [&](std::size_t length, TokenId token) {
      known = known || length == character;
      const auto i = static_cast<std::size_t>(token);
      const bool user_defined = vocabulary.types[i] == TokenType::kUserDefined;
      offer(length, token, user_defined ? 0 : double{vocabulary.scores[i]});
    });
    if (!known) offer(character, kNoToken, unknown_score);
    at += character;
  }
  return ways;
}

// The score of a character that the vocabulary lacks.
double score_of_unknown(const Vocabulary& vocabulary) {
  float worst = std::numeric_limits<float>::max();
  bool found = false;
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    if (vocabulary.types[i] != TokenType::kNormal) continue;
    worst = std::min(worst, vocabulary.scores[i]);
    found = true;
  }
  return (found ? double{worst} : 0.0) - kUnknownPenalty;
}

bool knows_all_bytes(const Vocabulary& vocabulary) {
  std::vector<bool> known(256, false);
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    if (vocabulary.types[i] != TokenType::kByte) continue;
    known[parse_byte_token(vocabulary.tokens[i]).value()] = true;
  }
  return std::find(known.begin(), known.end(), false) == known.end();
}

// Gathers normalised characters and sees to the spaces between them.
class Spacer {
 public:
  explicit Spacer(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  void append(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == ' ') {
        in_word_ = false;
        if (!vocabulary_.remove_extra_spaces) out_ += kSpaceMark;
        continue;
      }
      if (!in_word_ &&
          (vocabulary_.remove_extra_spaces || (vocabulary_.add_space_prefix && !space_in_front_))) {
        out_ += kSpaceMark;
        space_in_front_ = true;
      }
      in_word_ = true;
      out_ += c;
    }
  }
  [[nodiscard]] std::string_view text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  const Vocabulary& vocabulary_;
  std::string out_;
  bool in_word_ = false;
  bool space_in_front_ = false;
};

}  // namespace

UnigramTokenizer::UnigramTokenizer(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)),
      charsmap_(vocabulary_.charsmap),
      index_(vocabulary_),
      bytes_(vocabulary_),
      specials_(vocabulary_),
      unknown_score_(score_of_unknown(vocabulary_)),
      has_all_bytes_(knows_all_bytes(vocabulary_)) {
  FRUGAL_CHECK(vocabulary_.scores.size() == vocabulary_.tokens.size());
}

std::string UnigramTokenizer::normalise(std::string_view text) const {
  Spacer spacer(vocabulary_);
  while (!text.empty()) {
    check_text_length(spacer.text(), kMaxNormalisedBytes);
    if (const auto match = charsmap_.longest(text)) {
      spacer.append(match->replacement);
      text.remove_prefix(match->length);
      continue;
    }
    const Utf8Unit unit = first_utf8_unit(text);
    const bool sound = unit.kind == Utf8Kind::kCharacter;
    const std::size_t length = sound ? unit.length : 1;
    spacer.append(sound ? text.substr(0, length) : kReplacement);
    text.remove_prefix(length);
  }
  return spacer.take();
}

std::vector<TokenId> UnigramTokenizer::encode(std::string_view text,
                                              const EncodeOptions& options) const {
  check_text_length(text, kMaxBytes);
  std::vector<TokenId> out;
  if (options.add_special && vocabulary_.add_bos) out.push_back(vocabulary_.bos.value());
  for (const Fragment& fragment : specials_.split(text, options.parse_special)) {
    if (fragment.token) {
      out.push_back(*fragment.token);
    } else {
      encode_plain(normalise(fragment.text), out);
    }
  }
  if (options.add_special && vocabulary_.add_eos) out.push_back(vocabulary_.eos.value());
  return out;
}

void UnigramTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  const std::vector<Way> ways = best_ways(text, index_, vocabulary_, unknown_score_);
  std::vector<std::pair<std::size_t, TokenId>> path;  // where each token ends, last first
  for (std::size_t at = text.size(); at > 0; at = ways[at].from) {
    path.emplace_back(at, ways[at].token);
  }
  std::size_t start = 0;
  std::size_t unknown_start = 0;
  for (auto step = path.rbegin(); step != path.rend(); ++step) {
    const auto [end, token] = *step;
    if (token != kNoToken) {
      if (start > unknown_start) {
        emit_unknown(text.substr(unknown_start, start - unknown_start), out);
      }
      out.push_back(token);
      unknown_start = end;
    }
    start = end;
  }
  if (start > unknown_start) emit_unknown(text.substr(unknown_start), out);
}

// A run of characters that the vocabulary lacks.
void UnigramTokenizer::emit_unknown(std::string_view characters, std::vector<TokenId>& out) const {
  if (!has_all_bytes_) {
    out.push_back(unknown_for(characters));
    return;
  }
  for (const char c : characters) {
    out.push_back(bytes_.find_byte(static_cast<unsigned char>(c)).value());
  }
}

std::string UnigramTokenizer::decode(std::span<const TokenId> tokens, bool special) const {
  const bool spaced = vocabulary_.add_space_prefix || vocabulary_.remove_extra_spaces;
  std::string out;
  bool first = true;
  for (const TokenId token : tokens) {
    const TokenType type = type_of(token);
    const bool cut_out = type == TokenType::kControl || type == TokenType::kUserDefined;
    const std::string text = piece(token, special);
    const bool inserted = spaced && first && !cut_out && text.starts_with(' ');
    out += std::string_view(text).substr(inserted ? 1 : 0);
    first = cut_out;
  }
  return out;
}

}  // namespace frugal::text
