#pragma once

/// Token ids as people write them.

#include <string_view>
#include <vector>

#include "frugal/text/tokenizer.h"

namespace frugal::cli {

/// "1 403, 407" -> {1, 403, 407}; white space, commas and brackets separate.
/// Errors: kInvalidArgument that names `where` and the word that is no id.
[[nodiscard]] std::vector<text::TokenId> parse_token_ids(std::string_view text,
                                                         std::string_view where);

}  // namespace frugal::cli
