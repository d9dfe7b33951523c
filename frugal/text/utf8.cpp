#include "frugal/text/utf8.h"

#include <string>

#include "frugal/base/error.h"
#include "frugal/text/tokenizer.h"

namespace frugal::text {

Utf8Unit first_utf8_unit(std::string_view text) {
  FRUGAL_CHECK(!text.empty());
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {Utf8Kind::kCharacter, 1};
  if (lead < 0xC2 || lead > 0xF4) return {Utf8Kind::kBroken, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
  // Only the second byte has lead-dependent bounds: they shut out overlong forms (E0, F0),
  // surrogates (ED) and what lies above U+10FFFF (F4).
  unsigned char low = lead == 0xE0 ? 0xA0 : (lead == 0xF0 ? 0x90 : 0x80);
  unsigned char high = lead == 0xED ? 0x9F : (lead == 0xF4 ? 0x8F : 0xBF);
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {Utf8Kind::kCut, i};
    if (byte(i) < low || byte(i) > high) return {Utf8Kind::kBroken, i};
    low = 0x80;
    high = 0xBF;
  }
  return {Utf8Kind::kCharacter, length};
}

std::uint32_t decode_utf8(std::string_view character) {
  const Utf8Unit unit = first_utf8_unit(character);
  FRUGAL_CHECK(unit.kind == Utf8Kind::kCharacter && unit.length == character.size());
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  std::uint32_t code = byte(0) & (0x7FU >> character.size());
  for (std::size_t i = 1; i < character.size(); ++i) code = (code << 6U) | (byte(i) & 0x3FU);
  return code;
}

std::string encode_utf8(std::uint32_t code) {
  FRUGAL_CHECK(code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF));
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  const std::size_t length = code < 0x800 ? 2 : (code < 0x10000 ? 3 : 4);
  std::string out(length, '\0');
  for (std::size_t i = length - 1; i > 0; --i) {
    out[i] = static_cast<char>(0x80U | (code & 0x3FU));
    code >>= 6U;
  }
  out[0] = static_cast<char>((0xF00U >> length) | code);
  return out;
}

namespace {
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
}  // namespace

std::string Utf8Stream::push(std::string_view bytes) {
  pending_ += bytes;
  std::string out;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const Utf8Unit unit = first_utf8_unit(rest);
    if (unit.kind == Utf8Kind::kCut) break;
    out += unit.kind == Utf8Kind::kCharacter ? rest.substr(0, unit.length) : kReplacement;
    rest.remove_prefix(unit.length);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return out;
}

std::string Utf8Stream::finish() {
  // What is held back is one start of one character, hence one replacement.
  const bool held = !pending_.empty();
  pending_.clear();
  return held ? std::string(kReplacement) : std::string();
}

}  // namespace frugal::text
