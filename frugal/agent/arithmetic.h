#pragma once

/// A pocket calculator.

#include <string_view>

#include "frugal/base/json.h"

namespace frugal::agent {

/// The value of an expression of numbers, + - * / and brackets; * and / before + and -.
///
/// Errors:  kInvalidArgument for anything else, a division by zero, a value that is not finite, or
///          more than 200 characters.
/// Threads: safe from all, as is the other.
[[nodiscard]] double evaluate(std::string_view expression);

/// The number to two decimals, without a fraction where it is whole: 444, 271.3.
[[nodiscard]] Json tidy(double value);

}  // namespace frugal::agent
