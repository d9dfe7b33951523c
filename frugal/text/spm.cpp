/// The idea.
///
/// A text is first cut at its special tokens (special_tokens.cpp).  Each plain stretch gets a
/// space in front when it begins the text or follows a special token, and every space becomes
/// U+2581 "▁", so that a word and the space before it can be one token.
///
/// The stretch is then a chain of symbols, at first one per character.  A priority queue holds
/// every pair of neighbours whose joined text is a token, best score first, leftmost first among
/// equals.  The best pair is taken and becomes one symbol, which makes at most two new pairs with
/// its neighbours.  Pairs are never removed from the queue when one of their halves changes;
/// instead a pair remembers its length in bytes, and an outdated one is recognised when it comes
/// up: its right half is gone (length 0) or the lengths do not add up any more.  Each merge takes
/// one symbol away and adds at most two pairs, so the queue sees fewer than 3 n of them and all is
/// O(n log n).
///
/// Symbols left over are tokens, except single characters outside the vocabulary, which are
/// written byte by byte.  SentencePiece and llama.cpp then also undo merges whose result turns out
/// not to be usable, by a table of which pair made it ("resegment", `rev_merge`).  That concerns
/// results that are no token; here a pair is queued only when its text is one, so a merged symbol
/// never needs undoing and the table is left out.
///
/// Where this departs from llama.cpp, neither seen by well-formed text and usual vocabularies:
///   - a byte that begins no character is a symbol of its own and does not swallow its neighbours,
///     so that any bytes decode back exactly;
///   - merging never yields control, unknown or byte tokens (SentencePiece reserves them as well),
///     so that only `parse_special` can turn text into them;
///   - decoding drops the inserted space after each special token that `encode` put it behind, not
///     only at the very start;
///   - unused tokens decode to their text, and U+2581 in a user-defined token to a space.

#include "frugal/text/spm.h"

#include <cstdint>
#include <optional>
#include <queue>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/text/spaces.h"
#include "frugal/text/utf8.h"

namespace frugal::text {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

// A stretch of the text, linked to its neighbours.  Merged away when its length is 0.
struct Symbol {
  std::uint32_t begin = 0;
  std::uint32_t length = 0;
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

// Two neighbours that may become one, as they were when this was queued.
struct Pair {
  float score = 0.0F;
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  std::uint32_t length = 0;

  // Less urgent.
  bool operator<(const Pair& other) const {
    return score < other.score || (score == other.score && left > other.left);
  }
};

// One run of the rule over one escaped stretch of text.
class Merger {
 public:
  Merger(std::string_view text, const TokenIndex& index, const std::vector<float>& scores)
      : text_(text), index_(index), scores_(scores) {}

  // The final symbols, in order.
  template <class Sink>
  void run(const Sink& sink) {
    split_characters();
    for (std::uint32_t i = 1; i < symbols_.size(); ++i) propose(i - 1, i);
    while (!queue_.empty()) {
      const Pair pair = queue_.top();
      queue_.pop();
      merge(pair);
    }
    std::uint32_t at = symbols_.empty() ? kNone : 0;  // the first symbol is never merged away
    for (; at != kNone; at = symbols_[at].next) {
      sink(text_.substr(symbols_[at].begin, symbols_[at].length));
    }
  }

 private:
  void split_characters() {
    std::size_t at = 0;
    while (at < text_.size()) {
      const Utf8Unit unit = first_utf8_unit(text_.substr(at));
      const std::size_t length = unit.kind == Utf8Kind::kCharacter ? unit.length : 1;
      const auto number = static_cast<std::uint32_t>(symbols_.size());
      symbols_.push_back({.begin = static_cast<std::uint32_t>(at),
                          .length = static_cast<std::uint32_t>(length),
                          .previous = number == 0 ? kNone : number - 1,
                          .next = at + length == text_.size() ? kNone : number + 1});
      at += length;
    }
  }

  void propose(std::uint32_t left, std::uint32_t right) {
    if (left == kNone || right == kNone) return;
    const std::uint32_t length = symbols_[left].length + symbols_[right].length;
    const std::optional<TokenId> token = index_.find(text_.substr(symbols_[left].begin, length));
    if (!token) return;
    queue_.push({.score = scores_[static_cast<std::size_t>(*token)],
                 .left = left,
                 .right = right,
                 .length = length});
  }

  void merge(const Pair& pair) {
    Symbol& left = symbols_[pair.left];
    Symbol& right = symbols_[pair.right];
    const bool outdated =
        left.length == 0 || right.length == 0 || left.length + right.length != pair.length;
    if (outdated) return;
    left.length = pair.length;
    left.next = right.next;
    right.length = 0;
    if (left.next != kNone) symbols_[left.next].previous = pair.left;
    propose(left.previous, pair.left);
    propose(pair.left, left.next);
  }

  std::string_view text_;
  const TokenIndex& index_;
  const std::vector<float>& scores_;
  std::vector<Symbol> symbols_;
  std::priority_queue<Pair> queue_;
};

}  // namespace

SpmTokenizer::SpmTokenizer(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)), index_(vocabulary_), specials_(vocabulary_) {
  FRUGAL_CHECK(vocabulary_.scores.size() == vocabulary_.tokens.size());
}

std::vector<TokenId> SpmTokenizer::encode(std::string_view text,
                                          const EncodeOptions& options) const {
  check_text_length(text, kMaxTextBytes);
  std::vector<TokenId> out;
  if (options.add_special && vocabulary_.add_bos) out.push_back(vocabulary_.bos.value());
  bool after_special = true;
  for (const Fragment& fragment : specials_.split(text, options.parse_special)) {
    if (fragment.token) {
      out.push_back(*fragment.token);
    } else {
      encode_plain(fragment.text, after_special && vocabulary_.add_space_prefix, out);
    }
    after_special = fragment.token.has_value();
  }
  if (options.add_special && vocabulary_.add_eos) out.push_back(vocabulary_.eos.value());
  return out;
}

void SpmTokenizer::encode_plain(std::string_view text, bool space_first,
                                std::vector<TokenId>& out) const {
  const std::string escaped = escape_spaces(text, space_first);
  Merger merger(escaped, index_, vocabulary_.scores);
  merger.run([&](std::string_view symbol) { emit(symbol, out); });
}

void SpmTokenizer::emit(std::string_view symbol, std::vector<TokenId>& out) const {
  if (const std::optional<TokenId> token = index_.find(symbol)) {
    out.push_back(*token);
    return;
  }
  const std::size_t before = out.size();
  for (const char c : symbol) {
    if (const auto token = index_.find_byte(static_cast<unsigned char>(c))) {
      out.push_back(*token);
      continue;
    }
    // Half a character is of no use: the whole of it is unknown.
    out.resize(before);
    out.push_back(unknown_for(symbol));
    return;
  }
}

// Whether `encode` got this token by cutting it out of the text, so that a space was put in front
// of what followed.  A user-defined token that holds U+2581 comes from merging instead.
bool SpmTokenizer::is_cut_out(TokenId token) const {
  const TokenType type = type_of(token);
  if (type == TokenType::kControl) return true;
  return type == TokenType::kUserDefined &&
         vocabulary_.tokens[static_cast<std::size_t>(token)].find(kSpaceMark) == std::string::npos;
}

std::string SpmTokenizer::decode(std::span<const TokenId> tokens, bool special) const {
  std::string out;
  bool after_special = true;
  for (const TokenId token : tokens) {
    const bool cut_out = is_cut_out(token);
    const TokenType type = type_of(token);
    const bool merged = !cut_out && type != TokenType::kByte && type != TokenType::kUnknown;
    const std::string text = piece(token, special);
    const bool inserted =
        vocabulary_.add_space_prefix && after_special && merged && text.starts_with(' ');
    out += std::string_view(text).substr(inserted ? 1 : 0);
    after_special = cut_out;
  }
  return out;
}

}  // namespace frugal::text
