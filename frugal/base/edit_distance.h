#pragma once

/// How far two words are apart: for "did you mean …".

#include <cstddef>
#include <string_view>

namespace frugal {

/// Least number of bytes to insert, delete or replace that turns `a` into `b`.
///
/// Numbers: |a| · |b| steps; meant for names, not for texts.
/// Source:  Levenshtein 1966; by rows, as in Wagner and Fischer 1974.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace frugal
