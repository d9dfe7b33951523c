#pragma once

/// A long text in pieces that a model reads one by one.

#include <cstddef>
#include <span>
#include <vector>

#include "frugal/text/tokenizer.h"

namespace frugal::eval {

/// Consecutive windows of `context` tokens, each begun with the begin-of-text token where the
/// vocabulary asks for one (it takes the place of the window's first token): the protocol of
/// llama.cpp's perplexity and imatrix tools.  What is left at the end is passed over; a text
/// shorter than one window is one window.
///
/// `max_tokens`: of the text; 0: all.  `tokenizer` may be null.
/// Errors: kInvalidArgument for fewer than 2 tokens or a context below 4.
[[nodiscard]] std::vector<std::vector<text::TokenId>> windows_of(
    std::span<const text::TokenId> text, std::size_t context, std::size_t max_tokens,
    const text::Tokenizer* tokenizer);

}  // namespace frugal::eval
