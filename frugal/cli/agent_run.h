#pragma once

/// `frugal agent run`: success, tokens and joules of a model that works off a suite.

#include <CLI/App.hpp>

#include "frugal/cli/verbs.h"

namespace frugal::cli {

/// Adds the options of `run` to the subcommand given.
void setup_agent_run(CLI::App& verb, Invocation& invocation);

}  // namespace frugal::cli
