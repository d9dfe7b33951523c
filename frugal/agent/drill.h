#pragma once

/// Exercises in copying: what a small model learns before it can call tools.

#include <cstdint>
#include <string>

namespace frugal::agent {

/// One exercise on one line, with its line break, as training reads it: a user names two to five
/// things with their values, in one of several ways and orders, and the assistant writes them again
/// as JSON or as a list.  Values are those of Split::kTrain.
///
/// Why:    tasks leave a model two dozen tokens each to learn copying from, and it stands still
///         until it has; here nearly every token of the answer must be copied.
/// Source: Hu et al. 2025, "Between Circuits and Chomsky": pre-pretraining on formal languages.
[[nodiscard]] std::string drill_line(std::uint64_t seed, std::uint64_t number);

}  // namespace frugal::agent
