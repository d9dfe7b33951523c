#pragma once

/// What a character is; the one place that knows utf8proc.

#include <cstdint>

namespace frugal::text {

/// Of a code point, at most U+10FFFF.  Unassigned ones are nothing of all this.
///
/// Threads: safe from all, as are the others.
/// Source:  The Unicode Standard 15.0 as in utf8proc 2.8: General_Category and White_Space.
[[nodiscard]] bool is_white_space(std::uint32_t code);
[[nodiscard]] bool is_control(std::uint32_t code);      ///< Cc, Cf, Cs, Co
[[nodiscard]] bool is_mark(std::uint32_t code);         ///< Mn, Mc, Me
[[nodiscard]] bool is_punctuation(std::uint32_t code);  ///< Pc, Pd, Ps, Pe, Pi, Pf, Po
[[nodiscard]] bool is_symbol(std::uint32_t code);       ///< Sm, Sc, Sk, So
[[nodiscard]] bool is_han(std::uint32_t code);          ///< as BERT lists them

/// One code point for one, as in Simple_Lowercase_Mapping.
[[nodiscard]] std::uint32_t lowercase(std::uint32_t code);

/// The first code point of the canonical decomposition: 'e' for 'é'.
[[nodiscard]] std::uint32_t base_character(std::uint32_t code);

}  // namespace frugal::text
