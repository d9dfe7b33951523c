#include "frugal/text/word_piece.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "frugal/text/spaces.h"
#include "frugal/text/token_index.h"
#include "frugal/text/unicode.h"
#include "frugal/text/utf8.h"

namespace frugal::text {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

// Collects characters into words.
class Words {
 public:
  void append(std::string_view characters) { word_ += characters; }
  void close() {
    if (!word_.empty()) words_.push_back(std::exchange(word_, std::string()));
  }
  std::vector<std::string> take() {
    close();
    return std::move(words_);
  }

 private:
  std::vector<std::string> words_;
  std::string word_;
};

bool stands_alone(std::uint32_t code) {
  return is_punctuation(code) || (code < 0x7F && is_symbol(code)) || is_han(code);
}

// " ," -> ","; and without the space before 's, 'm, 're and 've, and those around a lone '.
std::string close_up(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    const bool spaced = rest[0] == ' ' && i > 0 && rest.size() > 1;
    if (!spaced) {
      out += rest[0];
      continue;
    }
    const std::string_view next = rest.substr(1);
    if (next.starts_with("' ")) {
      out += '\'';
      i += 2;
    } else if (next.find_first_of("?!.,") != 0 && !next.starts_with("'s") &&
               !next.starts_with("'m") && !next.starts_with("'re") && !next.starts_with("'ve")) {
      out += ' ';
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> bert_words(std::string_view text, bool lower, bool strip_accents) {
  Words words;
  while (!text.empty()) {
    const Utf8Unit unit = first_utf8_unit(text);
    const std::string_view bytes = text.substr(0, unit.length);
    text.remove_prefix(unit.length);
    if (unit.kind != Utf8Kind::kCharacter) continue;
    std::uint32_t code = decode_utf8(bytes);
    if (strip_accents) code = base_character(code);
    if (is_white_space(code)) {
      words.close();
      continue;
    }
    if (code == 0 || code == kReplacement || is_control(code)) continue;
    if (strip_accents && is_mark(code)) continue;
    const std::string character = encode_utf8(lower ? lowercase(code) : code);
    const bool alone = stands_alone(code);
    if (alone) words.close();
    words.append(character);
    if (alone) words.close();
  }
  return words.take();
}

WordPieceTokenizer::WordPieceTokenizer(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)), index_(vocabulary_), specials_(vocabulary_) {}

std::vector<TokenId> WordPieceTokenizer::encode(std::string_view text,
                                                const EncodeOptions& options) const {
  check_text_length(text, kMaxTextBytes);
  std::vector<TokenId> out;
  if (options.add_special && vocabulary_.bos) out.push_back(*vocabulary_.bos);
  for (const Fragment& fragment : specials_.split(text, options.parse_special)) {
    if (fragment.token) {
      out.push_back(*fragment.token);
      continue;
    }
    for (const std::string& word :
         bert_words(fragment.text, vocabulary_.lowercase, vocabulary_.strip_accents)) {
      encode_word(word, out);
    }
  }
  if (options.add_special && vocabulary_.sep) out.push_back(*vocabulary_.sep);
  return out;
}

void WordPieceTokenizer::encode_word(std::string_view word, std::vector<TokenId>& out) const {
  const std::size_t before = out.size();
  const std::string marked = std::string(kSpaceMark) + std::string(word);
  std::string_view rest = marked;
  while (!rest.empty()) {
    std::size_t longest = 0;
    TokenId best = 0;
    index_.each(rest, [&](std::size_t length, TokenId token) {
      longest = length;
      best = token;
    });
    if (longest == 0) {
      out.resize(before);
      out.push_back(unknown_for(word));
      return;
    }
    out.push_back(best);
    rest.remove_prefix(longest);
  }
}

std::string WordPieceTokenizer::decode(std::span<const TokenId> tokens, bool special) const {
  std::string out;
  for (const TokenId token : tokens) out += piece(token, special);
  if (out.starts_with(' ')) out.erase(0, 1);
  return close_up(out);
}

}  // namespace frugal::text
