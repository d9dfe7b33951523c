#pragma once

/// Many short runs of one recipe, to find better settings for a long one.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "frugal/train/train.h"

namespace frugal::train {

/// A trial that has ended.
struct TrialReport {
  std::uint64_t number = 0;
  std::uint64_t trials = 0;          ///< at most
  std::vector<std::string> changes;  ///< "optimizer.rate=0.002", in the order of the recipe
  std::string state;                 ///< "complete", "pruned" or "failed"
  std::optional<double> validation;  ///< the last it had
  double cost = 0.0;                 ///< spent on it, in the unit of SearchOptions::cost
  std::string why;                   ///< failed: the error
};

struct SearchOptions {
  TrainOptions train;  ///< `fresh` begins the search anew
  /// Spent so far in all, never falling: joules where they are known, else seconds.
  std::function<double()> cost;
  std::function<void(const TrialReport& report)> on_trial = {};
};

struct SearchOutcome {
  std::vector<TrialReport> trials;    ///< of this and earlier runs of the search
  std::optional<std::uint64_t> best;  ///< number of the trial of the least validation loss
};

/// Runs trials of `recipe_path` with `changes` and the parameters of its [search] table.
///
/// A trial whose validation loss is behind that of others that have spent as much is stopped (see
/// tune/pruner.h).  After each trial all that is known goes to <output>/search.json: a search that
/// was stopped goes on, repeating at most one trial.  The folder of each trial is
/// <output>/trial-<number>; checkpoints of ended trials are removed.
///
/// Errors:  those of read_recipe and train; a trial whose loss stops being a number has failed, and
///          the search goes on; kInvalidArgument for a recipe without parameters to search or
///          without validation data; kCorrupt for a search.json that is of another search.
[[nodiscard]] SearchOutcome search(const std::filesystem::path& recipe_path,
                                   const std::vector<std::string>& changes,
                                   const SearchOptions& options);

}  // namespace frugal::train
