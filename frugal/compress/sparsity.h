#pragma once

/// How much of a matrix is to become 0, and which of its numbers.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "frugal/tensor/dtype.h"
#include "frugal/text/name_pattern.h"

namespace frugal::compress {

/// One of three: a part of all numbers, a pattern within groups of columns, or all that are small.
struct Sparsity {
  double ratio = 0.0;     ///< this part becomes 0; from 0 to below 1
  std::size_t keep = 0;   ///< with `group`: at most so many stay …
  std::size_t group = 0;  ///< … of so many columns in a row: 2, 4, 8, 16 or 32; 0: no groups
  float below = 0.0F;     ///< above 0: all numbers of smaller magnitude become 0

  [[nodiscard]] bool none() const { return group == 0 && ratio == 0.0 && below == 0.0F; }
  bool operator==(const Sparsity&) const = default;
};

/// "0.5" and "50%" are ratios, "2:4" keeps 2 of 4, "<0.01" is a threshold, "0" leaves all.
///
/// Errors: kInvalidArgument, with the text.
[[nodiscard]] Sparsity parse_sparsity(std::string_view text);
/// The shortest text that parses to it.
[[nodiscard]] std::string to_text(const Sparsity& sparsity);

/// Matrices whose name the pattern is found in become this sparse.
struct SparsityRule {
  text::NamePattern pattern;
  Sparsity sparsity;
};

/// "regex=sparsity", split at the last '='.
/// Errors: kInvalidArgument for a malformed pattern, and those of parse_sparsity.
[[nodiscard]] SparsityRule parse_sparsity_rule(std::string_view text);

/// Whether rounding to the type leaves every 0 a 0: float formats, Q8_0, Q4_0, Q5_0, Q3_K, Q6_K.
/// The others put a minimum under each block, or have no level at 0.
[[nodiscard]] bool holds_zero(DType type);

/// ⌊ratio count⌋, whatever the last digit of the product.
[[nodiscard]] std::size_t zeros_of(double ratio, std::size_t count);

/// zero[i] = 1 for exactly the `count` smallest scores, the first of equal ones; 0 for the others.
///
/// Shapes:  scores, zero: of one length, at least `count`.
/// Numbers: scores must not be NaN; infinity is the largest.
void mark_smallest(std::span<const float> scores, std::size_t count, std::span<std::uint8_t> zero);

/// The same within each group of columns of one row: of a last group of L columns
/// ⌊(group - keep) L / group⌋ become 0, so that never more than `keep` stay.
void mark_groups(std::span<const float> scores, const Sparsity& groups,
                 std::span<std::uint8_t> zero);

}  // namespace frugal::compress
