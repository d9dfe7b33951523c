#pragma once

/// The printable characters that stand for bytes in byte-level vocabularies.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace frugal::text {

/// The character for a byte: '!' to '~', U+00A1 to U+00AC and U+00AE to U+00FF stand for
/// themselves, the others in order for U+0100, U+0101 and so on; a space is U+0120 "Ġ".
///
/// Threads: safe from all, as are the others.
/// Source:  Radford et al. 2019 (GPT-2), `bytes_to_unicode`.
[[nodiscard]] const std::string& byte_to_character(unsigned char byte);

/// The byte at the start of `text`; nothing when no character of the alphabet stands there.
struct SpelledByte {
  unsigned char value = 0;
  std::size_t length = 0;  ///< bytes that the character takes
};
[[nodiscard]] std::optional<SpelledByte> first_spelled_byte(std::string_view text);

/// "Ġhi" for " hi".
[[nodiscard]] std::string spell_bytes(std::string_view bytes);

/// " hi" for "Ġhi".  What is no character of the alphabet stays as it is.
[[nodiscard]] std::string unspell_bytes(std::string_view text);

}  // namespace frugal::text
