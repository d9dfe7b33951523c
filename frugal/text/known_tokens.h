#pragma once

/// Tokens whose text tells what they are for, where files do not.

#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// Adds to `ends` the tokens that are known to end a text, a turn or a message, such as
/// "<|im_end|>", and makes them control tokens, so that they are never shown and never typed.
/// Makes user-defined the few that a reader of the answer must see, such as "<|channel|>".
///
/// Errors:  throws nothing; `types` has one entry per token.
/// Threads: safe from all.
/// Source:  the list of llama.cpp's vocabulary loader.
void recognise_known_tokens(Vocabulary& vocabulary);

}  // namespace frugal::text
