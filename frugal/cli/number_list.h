#pragma once

/// Lists of numbers as people write them.

#include <string_view>
#include <vector>

namespace frugal::cli {

/// "1,4,16" -> {1, 4, 16}, each from 1 to `max`; an empty text gives an empty list.
/// Errors: kInvalidArgument that names `option` and an example.
[[nodiscard]] std::vector<std::size_t> parse_numbers(std::string_view option, std::string_view text,
                                                     std::size_t max);

}  // namespace frugal::cli
