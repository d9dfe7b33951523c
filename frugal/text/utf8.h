#pragma once

/// Where one UTF-8 character ends, also among bytes that are none.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace frugal::text {

/// What stands at the start of a byte string.
enum class Utf8Kind {
  kCharacter,  ///< a whole, well-formed character
  kBroken,     ///< bytes that no continuation can make a character
  kCut,        ///< the text ends before the character does
};

/// A character, or the longest start of one.
struct Utf8Unit {
  Utf8Kind kind = Utf8Kind::kBroken;
  std::size_t length = 1;  ///< bytes, 1 to 4
};

/// The unit at the start of `text`.  Overlong forms, surrogates and values above U+10FFFF are
/// broken.  A broken unit is the maximal subpart, so that one unit becomes one U+FFFD.
///
/// Errors:  an empty text is a bug.
/// Threads: safe from all.
/// Source:  The Unicode Standard 15.0, table 3-7 and "U+FFFD Substitution of Maximal Subparts".
[[nodiscard]] Utf8Unit first_utf8_unit(std::string_view text);

/// The code point of one well-formed character, and back.
///
/// Errors:  anything but exactly one character, and a code that has none, is a bug.
/// Threads: safe from all.
[[nodiscard]] std::uint32_t decode_utf8(std::string_view character);
[[nodiscard]] std::string encode_utf8(std::uint32_t code);

}  // namespace frugal::text
