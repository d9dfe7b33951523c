#pragma once

/// The option that lets tokens of an answer stop early.

#include <CLI/App.hpp>

namespace frugal::cli {

/// --exit-confidence P, at least 0; 0 switches it off.
void add_exit_confidence(CLI::App& verb, float& confidence);

}  // namespace frugal::cli
