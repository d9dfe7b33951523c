#pragma once

/// Private to this folder: what `frugal eval` scores, a file each.

#include <string>

#include "frugal/cli/agent_run.h"
#include "frugal/cli/common.h"
#include "frugal/eval/score.h"

namespace frugal::cli {

struct EvalOptions {
  CommonOptions common;
  std::string model;
  std::string text;
  std::string against;
  std::string labels;
  eval::ScoreOptions score;
  AgentRunOptions agents;
};

/// How likely `text` is, and how far the model is from `against` where one is given.
void eval_text(const EvalOptions& options, const std::string& command_line);
/// How often a classifier finds the classes of `labels`.
void eval_labels(const EvalOptions& options, const std::string& command_line);

}  // namespace frugal::cli
