#pragma once

/// `frugal agent run` and `frugal eval --suite`: success, tokens and joules of a model that works
/// off a suite.

#include <CLI/App.hpp>

#include <cstddef>
#include <string>

#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

struct AgentRunOptions {
  CommonOptions common;
  std::string model;
  std::string suite;
  std::string transcripts;  ///< file for every conversation; empty: none
  std::string solved;       ///< file for those of solved tasks, as training reads them
  std::string kv = "f16";
  std::size_t count = 0;   ///< of the suite; 0: all
  std::size_t trials = 1;  ///< of each task
  float temperature = 0.7F;
  std::size_t max_steps = 8;     ///< messages of an agent
  std::size_t max_tokens = 128;  ///< of a message
  std::size_t concurrency = 16;  ///< agents side by side
  std::size_t context = 16384;   ///< positions of all agents together
  float exit_confidence = 0.0F;
  bool lookup = false;
  bool recompute = false;
};

/// Runs the suite and prints what became of it.
void run_agents(const AgentRunOptions& options, const std::string& command_line);

/// Adds the options of `run` to the subcommand given.
void setup_agent_run(CLI::App& verb, Invocation& invocation);

}  // namespace frugal::cli
