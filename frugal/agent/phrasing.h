#pragma once

/// One pattern, many ways to say it.

#include <string>
#include <string_view>

#include "frugal/base/random.h"

namespace frugal::agent {

/// Draws one of the phrases that a pattern stands for.
///
///   (a|b|)       one of the alternatives, which may hold further groups; an empty one says nothing
///   @ question   "where it is" put into a frame: "Can you tell me where it is?", "I want to know
///   …" ! request    "cancel it" put into a frame: "Please cancel it.", "Could you cancel it?", …
///
/// A text with none of these is itself, and draws nothing from `random`.
/// Errors: a group that is not closed is a bug.
[[nodiscard]] std::string say(std::string_view pattern, Random& random);

/// Whether `say` has a choice.
[[nodiscard]] bool is_pattern(std::string_view text);

/// The words of a text in lower case, without signs: two phrases with the same are one phrasing.
[[nodiscard]] std::string bare_words(std::string_view text);

}  // namespace frugal::agent
