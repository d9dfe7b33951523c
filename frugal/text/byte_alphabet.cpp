#include "frugal/text/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "frugal/text/utf8.h"

namespace frugal::text {
namespace {

constexpr std::uint32_t kFirstSubstitute = 0x100;
constexpr std::uint32_t kSubstitutes = 68;  // bytes that do not stand for themselves

constexpr bool stands_for_itself(std::uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<std::string, 256> characters;
  std::array<unsigned char, kSubstitutes> substituted{};
};

const Alphabet& alphabet() {
  static const Alphabet kAlphabet = [] {
    Alphabet out;
    std::uint32_t next = 0;
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t code = byte;
      if (!stands_for_itself(byte)) {
        out.substituted.at(next) = static_cast<unsigned char>(byte);
        code = kFirstSubstitute + next++;
      }
      out.characters.at(byte) = encode_utf8(code);
    }
    return out;
  }();
  return kAlphabet;
}

}  // namespace

const std::string& byte_to_character(unsigned char byte) {
  return alphabet().characters.at(byte);
}

std::optional<SpelledByte> first_spelled_byte(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const Utf8Unit unit = first_utf8_unit(text);
  if (unit.kind != Utf8Kind::kCharacter) return std::nullopt;
  const std::uint32_t code = decode_utf8(text.substr(0, unit.length));
  if (code < 256 && stands_for_itself(code)) {
    return SpelledByte{.value = static_cast<unsigned char>(code), .length = unit.length};
  }
  if (code < kFirstSubstitute || code >= kFirstSubstitute + kSubstitutes) return std::nullopt;
  return SpelledByte{.value = alphabet().substituted.at(code - kFirstSubstitute),
                     .length = unit.length};
}

std::string spell_bytes(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) out += byte_to_character(static_cast<unsigned char>(c));
  return out;
}

std::string unspell_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::optional<SpelledByte> spelled = first_spelled_byte(text);
    if (spelled) {
      out += static_cast<char>(spelled->value);
      text.remove_prefix(spelled->length);
    } else {
      const std::size_t length = first_utf8_unit(text).length;
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace frugal::text
