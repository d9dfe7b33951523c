// A vocabulary made of the first bytes, also a malformed one, and the rest as text.
//
//   byte 0   switches: parse_special, add_special, space prefix, add_bos, add_eos, byte tokens,
//            unknown token, types left out
//   byte 1   below 128: what is spoiled, see spoil(); 0 is nothing.  Else one of twist(), and the
//            rule, see shape_for()
//   byte 2   number of further tokens; each is one byte of type and length, one of score, its text
//   the rest is the text; its bytes also serve as ids to decode
//
// A spoiled vocabulary is refused with an Error about bytes; a sound one is accepted.  Then any
// text encodes to ids of the vocabulary (or is refused when nothing can stand for a character), all
// ids decode, and pieces streamed one by one give what decoding at once gives, but for inserted
// spaces.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/text/byte_alphabet.h"
#include "frugal/text/pre_tokenizer.h"
#include "frugal/text/tokenizer.h"

namespace {

using frugal::text::TokenId;
using frugal::text::Tokenizer;
using frugal::text::TokenType;
using frugal::text::Vocabulary;

// Takes the input from the front; zeros and nothing after its end.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  std::uint8_t byte() {
    const std::string_view one = take(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
  }
  std::string_view take(std::size_t length) {
    const std::string_view taken = bytes_.substr(0, length);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

void expect(bool condition) {
  if (!condition) std::abort();
}

void add(Vocabulary& vocabulary, std::string_view text, float score, TokenType type) {
  vocabulary.tokens.emplace_back(text);
  vocabulary.scores.push_back(score);
  vocabulary.types.push_back(type);
}

Vocabulary make_vocabulary(std::uint8_t switches, Input& input) {
  Vocabulary vocabulary;
  vocabulary.model = "llama";
  vocabulary.add_space_prefix = (switches & 4U) != 0;
  vocabulary.add_bos = (switches & 8U) != 0;
  vocabulary.add_eos = (switches & 16U) != 0;
  add(vocabulary, "<s>", 0.0F, TokenType::kControl);
  add(vocabulary, "</s>", 0.0F, TokenType::kControl);
  add(vocabulary, "\xE2\x96\x81", -1.0F, TokenType::kNormal);
  vocabulary.bos = 0;
  vocabulary.eos = 1;
  if ((switches & 32U) != 0) {
    for (int value = 0; value < 256; ++value) {
      add(vocabulary, frugal::str("<0x{:02X}>", value), 0.0F, TokenType::kByte);
    }
  }
  if ((switches & 64U) != 0) {
    vocabulary.unknown = static_cast<TokenId>(vocabulary.tokens.size());
    add(vocabulary, "<unk>", 0.0F, TokenType::kUnknown);
  }
  for (int count = input.byte() % 32; count > 0; --count) {
    constexpr TokenType kTypes[] = {TokenType::kNormal, TokenType::kNormal, TokenType::kControl,
                                    TokenType::kUserDefined, TokenType::kUnused};
    const std::uint8_t shape = input.byte();
    const auto score = static_cast<float>(static_cast<std::int8_t>(input.byte()));
    add(vocabulary, input.take(shape / 5U % 16U), score, kTypes[shape % 5U]);
  }
  return vocabulary;
}

constexpr unsigned kFaults = 13;

// Fault 1 to kFaults makes the vocabulary one that must be refused.
void spoil(Vocabulary& vocabulary, unsigned fault) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto count = static_cast<TokenId>(vocabulary.tokens.size());
  switch (fault) {
    case 1:
      vocabulary.scores.pop_back();
      break;
    case 2:
      vocabulary.scores.resize(vocabulary.scores.size() + 1000);
      break;
    case 3:
      vocabulary.types.resize(1, TokenType::kNormal);
      break;
    case 4:
      vocabulary.types.assign(vocabulary.tokens.size() + 1, TokenType::kNormal);
      break;
    case 5:
      vocabulary.types.assign(vocabulary.tokens.size(), TokenType::kByte);
      break;
    case 6:
      vocabulary.types.assign(vocabulary.tokens.size(), static_cast<TokenType>(99));
      break;
    case 7:
      vocabulary.scores.back() = std::nanf("");
      break;
    case 8:
      vocabulary.scores.front() = kInfinity;
      break;
    case 9:
      vocabulary.bos = count;
      break;
    case 10:
      vocabulary.eos = -1;
      break;
    case 11:
      vocabulary.unknown = std::numeric_limits<TokenId>::min();
      break;
    case 12:
      vocabulary.model = "rwkv";
      break;
    case 13:
      vocabulary.tokens.clear();
      break;
    default:
      break;
  }
}

// Oddities that are allowed.
void twist(Vocabulary& vocabulary, unsigned oddity) {
  constexpr float kHuge = std::numeric_limits<float>::max();
  switch (oddity) {
    case 1:
      vocabulary.scores.clear();
      break;
    case 2:
      vocabulary.scores.assign(vocabulary.tokens.size(), kHuge);
      break;
    case 3:
      for (std::size_t i = 0; i < vocabulary.scores.size(); i += 2) vocabulary.scores[i] = -kHuge;
      break;
    case 4:
      vocabulary.tokens[0].clear();
      break;
    case 5:
      vocabulary.eot = 2;
      break;
    default:
      break;
  }
}

// The same tokens for another rule, with whatever else it reads.
void shape_for(Vocabulary& vocabulary, unsigned rule, std::uint8_t switches,
               std::string_view text) {
  constexpr const char* kRules[] = {"llama", "gpt2", "gemma4", "bert", "t5"};
  vocabulary.model = kRules[rule];
  const auto& names = frugal::text::pre_rules();
  vocabulary.pre = names[(text.size() + switches) % names.size()].name;
  if (rule == 1 || rule == 2) {
    for (const std::string& token : vocabulary.tokens) {
      if (token.size() < 2) continue;
      const std::size_t half = 1 + (switches % (token.size() - 1));
      vocabulary.merges.push_back(token.substr(0, half) + " " + token.substr(half));
    }
  }
  if (rule == 1 && (switches & 32U) != 0) {
    for (int value = 0; value < 256; ++value) {
      const std::string& byte = frugal::text::byte_to_character(static_cast<unsigned char>(value));
      add(vocabulary, byte, 0.0F, TokenType::kNormal);
    }
  }
  if (rule == 3) vocabulary.sep = 1;
  if (rule == 4) {
    vocabulary.remove_extra_spaces = (switches & 16U) != 0;
    const std::size_t units = text.size() / 4;
    for (unsigned shift = 0; shift < 32; shift += 8) {
      vocabulary.charsmap += static_cast<char>(((units * 4) >> shift) & 0xFFU);
    }
    vocabulary.charsmap += text;
    vocabulary.charsmap += '\0';
  }
  if ((switches & 128U) != 0) return;
  vocabulary.strips_left = {0};
  vocabulary.strips_right = {1};
}

bool is_about_bytes(frugal::ErrorKind kind) {
  return kind == frugal::ErrorKind::kCorrupt || kind == frugal::ErrorKind::kUnsupported ||
         kind == frugal::ErrorKind::kInvalidArgument;
}

std::unique_ptr<Tokenizer> make(Vocabulary vocabulary, std::uint8_t choice) {
  const unsigned fault = choice < 128 ? choice % (kFaults + 1) : 0;
  spoil(vocabulary, fault);
  if (choice >= 128) twist(vocabulary, choice % 6U);
  try {
    std::unique_ptr<Tokenizer> tokenizer = frugal::text::make_tokenizer(std::move(vocabulary));
    expect(fault == 0);
    return tokenizer;
  } catch (const frugal::Error& error) {
    expect(fault != 0 && is_about_bytes(error.kind()));
    return nullptr;
  }
}

// Whether `text` is `pieces` without some of its spaces, as many as `spaces` at most.
bool lacks_only_spaces(std::string_view pieces, std::string_view text, std::size_t spaces) {
  std::size_t at = 0;
  for (const char c : pieces) {
    if (at < text.size() && text[at] == c) {
      ++at;
    } else if (c != ' ' || spaces-- == 0) {
      return false;
    }
  }
  return at == text.size();
}

std::string repaired(std::string_view bytes) {
  frugal::text::Utf8Stream stream;
  std::string out = stream.push(bytes);
  out += stream.finish();
  return out;
}

// For ids of the vocabulary, encoded or not: nothing throws, and streaming changes nothing.
void check_decoding(const Tokenizer& tokenizer, const std::vector<TokenId>& ids, bool special) {
  const Vocabulary& vocabulary = tokenizer.vocabulary();
  const bool spaced = vocabulary.add_space_prefix || vocabulary.remove_extra_spaces;
  std::size_t inserted = spaced ? 1 : 0;
  frugal::text::Utf8Stream stream;
  std::string pieces;
  std::string streamed;
  for (const TokenId id : ids) {
    expect(id >= 0 && static_cast<std::size_t>(id) < tokenizer.size());
    const TokenType type = vocabulary.types[static_cast<std::size_t>(id)];
    const bool cuts = type == TokenType::kControl || type == TokenType::kUserDefined;
    if (spaced && cuts) ++inserted;
    const std::string piece = tokenizer.piece(id, special);
    pieces += piece;
    streamed += stream.push(piece);
  }
  streamed += stream.finish();
  expect(streamed == repaired(pieces));
  // WordPiece closes up what it decodes.
  if (vocabulary.model == "bert") inserted = pieces.size();
  expect(lacks_only_spaces(pieces, tokenizer.decode(ids, special), inserted));
}

// Bytes come back from a byte-level vocabulary, unless a token's own text reads like other bytes.
void check_round_trip(const Tokenizer& tokenizer, const std::vector<TokenId>& ids,
                      std::string_view text) {
  const Vocabulary& vocabulary = tokenizer.vocabulary();
  if (vocabulary.model != "gpt2" || frugal::text::find_pre_rule(vocabulary.pre).characters) return;
  for (std::size_t i = 0; i < vocabulary.types.size(); ++i) {
    if (vocabulary.types[i] == TokenType::kUserDefined) return;
  }
  for (const TokenId id : ids) {
    if (id == vocabulary.unknown) return;
  }
  expect(tokenizer.decode(ids) == text);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  Input input(bytes);
  const std::uint8_t switches = input.byte();
  const std::uint8_t choice = input.byte();
  Vocabulary vocabulary = make_vocabulary(switches, input);
  if (choice >= 128) shape_for(vocabulary, (choice - 128U) / 6U % 5U, switches, input.rest());
  if ((switches & 128U) != 0) vocabulary.types.clear();
  const auto tokenizer = make(std::move(vocabulary), choice);
  if (tokenizer == nullptr) return 0;
  std::vector<TokenId> any;
  for (const char c : input.rest()) {
    any.push_back(static_cast<TokenId>(static_cast<unsigned char>(c) % tokenizer->size()));
  }
  check_decoding(*tokenizer, any, (switches & 1U) != 0);
  std::vector<TokenId> ids;
  try {
    ids = tokenizer->encode(
        input.rest(), {.add_special = (switches & 2U) != 0, .parse_special = (switches & 1U) != 0});
  } catch (const frugal::Error& error) {
    expect(error.kind() == frugal::ErrorKind::kInvalidArgument);
    expect(!tokenizer->vocabulary().unknown);
    return 0;
  }
  check_decoding(*tokenizer, ids, false);
  check_decoding(*tokenizer, ids, true);
  if ((switches & 3U) == 0) check_round_trip(*tokenizer, ids, input.rest());
  return 0;
}
