/// The idea.
///
/// The merging is that of spm.cpp: a chain of symbols, a queue of neighbours that may be joined,
/// and entries that are outdated when they come up are dropped.  Two things differ.  The urgency of
/// a pair is the rank of its merge, not the score of its result, so the queue asks a table of
/// pairs; and the text is first cut into words, which the pairs do not cross, so that the queue is
/// nearly always tiny.
///
/// Byte-level vocabularies spell each byte as a printable character (byte_alphabet.h).  The text is
/// never spelled out; only the symbols of the 256 single bytes are looked up, once, and merging
/// then goes from symbol to symbol by number.
///
/// A symbol that is no token falls apart into its bytes again.  Usual vocabularies have none.
///
/// Where this departs from llama.cpp: bytes that are not UTF-8 stay what they are and become words
/// of their own, where llama.cpp reads U+FFFD; what no token can stand for is an error, where
/// llama.cpp leaves it out; a merge never yields a control token.

#include "frugal/text/bpe.h"

#include <cstdint>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/text/byte_alphabet.h"
#include "frugal/text/merge_agenda.h"
#include "frugal/text/spaces.h"
#include "frugal/text/utf8.h"

namespace frugal::text {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

// A stretch of a word, linked to its neighbours.  Merged away when its length is 0.
struct Symbol {
  std::uint32_t begin = 0;
  std::uint32_t length = 0;
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
  std::optional<SymbolId> id;  // nothing for a character that no merge and no token knows
};

}  // namespace

// The chain of symbols of one word; used again for the next.
class BpeTokenizer::Word {
 public:
  explicit Word(const MergeTable& merges) : merges_(merges) {}

  void clear() { symbols_.clear(); }

  void append(std::size_t length, std::optional<SymbolId> id) {
    const auto number = static_cast<std::uint32_t>(symbols_.size());
    const std::uint32_t begin = number == 0 ? 0 : symbols_.back().begin + symbols_.back().length;
    if (number > 0) symbols_.back().next = number;
    symbols_.push_back({.begin = begin,
                        .length = static_cast<std::uint32_t>(length),
                        .previous = number == 0 ? kNone : number - 1,
                        .next = kNone,
                        .id = id});
  }

  // Joins what can be joined; `sink` gets each symbol's place and number, in order.
  template <class Sink>
  void run(const Sink& sink) {
    agenda_.start(symbols_.size());
    for (std::uint32_t i = 1; i < symbols_.size(); ++i) propose(i - 1, i);
    while (const std::optional<PendingMerge> next = agenda_.pop()) merge(*next);
    std::uint32_t at = symbols_.empty() ? kNone : 0;  // the first symbol is never merged away
    for (; at != kNone; at = symbols_[at].next) {
      sink(symbols_[at].begin, symbols_[at].length, symbols_[at].id);
    }
  }

 private:
  void propose(std::uint32_t left, std::uint32_t right) {
    if (left == kNone || right == kNone) return;
    const Symbol& first = symbols_[left];
    const Symbol& second = symbols_[right];
    if (!first.id || !second.id) return;
    const std::optional<Merge> found = merges_.find(*first.id, *second.id);
    if (!found) return;
    agenda_.push(
        {.merge = *found, .left = left, .right = right, .length = first.length + second.length});
  }

  void merge(const PendingMerge& pair) {
    Symbol& left = symbols_[pair.left];
    Symbol& right = symbols_[pair.right];
    const bool outdated =
        left.length == 0 || right.length == 0 || left.length + right.length != pair.length;
    if (outdated) return;
    left.length = pair.length;
    left.id = pair.merge.result;
    left.next = right.next;
    right.length = 0;
    if (left.next != kNone) symbols_[left.next].previous = pair.left;
    propose(left.previous, pair.left);
    propose(pair.left, left.next);
  }

  const MergeTable& merges_;
  std::vector<Symbol> symbols_;
  MergeAgenda agenda_;
};

BpeTokenizer::BpeTokenizer(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)),
      index_(vocabulary_),
      specials_(vocabulary_),
      pre_(vocabulary_.model == "gemma4" ? "gemma4" : std::string_view(vocabulary_.pre)),
      merges_(vocabulary_, index_),
      characters_(pre_.rule().characters),
      ignore_merges_(vocabulary_.ignore_merges.value_or(pre_.rule().ignore_merges)) {
  for (std::size_t byte = 0; byte < byte_symbols_.size(); ++byte) {
    byte_symbols_[byte] = merges_.symbol(byte_to_character(static_cast<unsigned char>(byte)));
  }
}

std::vector<TokenId> BpeTokenizer::encode(std::string_view text,
                                          const EncodeOptions& options) const {
  check_text_length(text, kMaxTextBytes);
  std::vector<TokenId> out;
  if (options.add_special && vocabulary_.add_bos) out.push_back(vocabulary_.bos.value());
  for (const Fragment& fragment : specials_.split(text, options.parse_special)) {
    if (fragment.token) {
      out.push_back(*fragment.token);
    } else if (characters_) {
      encode_plain(escape_spaces(fragment.text, false), out);
    } else {
      encode_plain(fragment.text, out);
    }
  }
  if (options.add_special && vocabulary_.add_eos) out.push_back(vocabulary_.eos.value());
  return out;
}

void BpeTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  Word chain(merges_);
  for (const std::string_view word : pre_.words(text)) {
    if (const std::optional<TokenId> whole = whole_word(word)) {
      out.push_back(*whole);
      continue;
    }
    chain.clear();
    std::size_t at = 0;
    while (at < word.size()) {
      std::size_t length = 1;
      if (characters_) {
        const Utf8Unit unit = first_utf8_unit(word.substr(at));
        if (unit.kind == Utf8Kind::kCharacter) length = unit.length;
        chain.append(length, merges_.symbol(word.substr(at, length)));
      } else {
        chain.append(length, byte_symbols_.at(static_cast<unsigned char>(word[at])));
      }
      at += length;
    }
    chain.run([&](std::uint32_t begin, std::uint32_t length, std::optional<SymbolId> id) {
      const std::optional<TokenId> token = id ? merges_.token(*id) : std::nullopt;
      if (token) {
        out.push_back(*token);
      } else {
        emit(word.substr(begin, length), out);
      }
    });
  }
}

// The one token that a word is without merging.
std::optional<TokenId> BpeTokenizer::whole_word(std::string_view word) const {
  // Gemma's runs of line ends are tokens that no merge makes.
  const bool line_ends = characters_ && word.find_first_not_of('\n') == std::string_view::npos;
  if (!ignore_merges_ && !line_ends) return std::nullopt;
  if (word.size() > index_.longest()) return std::nullopt;
  return characters_ ? index_.find(word) : index_.find(spell_bytes(word));
}

// Bytes that no token stands for together.
void BpeTokenizer::emit(std::string_view bytes, std::vector<TokenId>& out) const {
  const std::size_t before = out.size();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    std::optional<TokenId> token;
    if (characters_) {
      token = index_.find_byte(byte);
    } else if (const std::optional<SymbolId> symbol = byte_symbols_.at(byte)) {
      token = merges_.token(*symbol);
    }
    if (token) {
      out.push_back(*token);
      continue;
    }
    out.resize(before);
    out.push_back(unknown_for(bytes));
    return;
  }
}

std::string BpeTokenizer::piece(TokenId token, bool special) const {
  const TokenType type = type_of(token);
  if (!characters_ && type == TokenType::kUserDefined) return text_of(token);
  if (!characters_ && (type == TokenType::kNormal || type == TokenType::kUnused)) {
    return unspell_bytes(text_of(token));
  }
  return Tokenizer::piece(token, special);
}

std::string BpeTokenizer::decode(std::span<const TokenId> tokens, bool special) const {
  std::string out;
  for (const TokenId token : tokens) out += piece(token, special);
  return out;
}

}  // namespace frugal::text
