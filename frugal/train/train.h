#pragma once

/// Model + data -> better model.  The one public door to LibTorch.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/train/ranks.h"
#include "frugal/train/recipe.h"

namespace frugal::train {

/// What one exit is worth at a validation.
struct ExitFigures {
  std::size_t layer = 0;
  double loss = 0.0;
  double accuracy = 0.0;
};

/// Where a run stands, after a step or a stage before the first.
struct TrainProgress {
  std::string stage;  ///< "tokenise", "train", "validate"
  std::uint64_t step = 0;
  std::uint64_t steps = 0;
  double loss = 0.0;  ///< mean over the targets of the latest step
  double rate = 0.0;  ///< learning rate
  double gradient_norm = 0.0;
  std::uint64_t tokens = 0;   ///< computed since the run was begun, resumed parts included
  double tokens_per_s = 0.0;  ///< lately
  std::optional<double> validation = {};  ///< a new validation loss, where one was just measured
  std::optional<double> accuracy = {};    ///< of that: share of targets that have the largest score
  std::vector<ExitFigures> exits = {};    ///< of that: the same at each exit
  std::optional<Communication> communication = {};  ///< of several ranks, so far
};

/// Called after each step, and now and then before; may throw to stop the run, which then leaves a
/// checkpoint.
using TrainFn = std::function<void(const TrainProgress&)>;

struct TrainOptions {
  std::size_t threads = 1;
  bool fresh = false;  ///< begin anew although there are checkpoints
  std::filesystem::path scores =
      {};  ///< not empty: score the weights into this file, train nothing
  Ranks ranks = {};
  TrainFn progress = {};
};

struct TrainOutcome {
  std::filesystem::path model;  ///< the trained model
  std::uint64_t steps = 0;
  std::uint64_t resumed_at = 0;  ///< step of the checkpoint it went on from; 0: none
  std::uint64_t tokens = 0;      ///< computed, in all runs
  std::uint64_t parameters = 0;
  std::uint64_t skipped_documents = 0;         ///< too long for a row
  double loss = 0.0;                           ///< of the last step
  std::optional<double> validation;            ///< last measured
  Seconds time;                                ///< of all runs
  std::optional<Communication> communication;  ///< of several ranks, in this run
  std::vector<std::string> notes;              ///< what a person should know, a line each
};

/// With `TrainOptions::scores` no step is taken: Recipe::score_batches batches of the data say what
/// each row, column, channel and head is worth (docs/formats/scores.md).
///
/// Trains what `recipe` says into `recipe.output`: <name>.gguf, checkpoints, TensorBoard events.
///
/// A run that was stopped goes on from its latest checkpoint and gives the same losses as one that
/// was not.
///
/// Of several ranks each calls it with the same recipe; the model is written once, by rank 0.  The
/// gradient of a step is that of one process with as many rows as all ranks together.
///
/// Errors:  kInvalidArgument for a recipe that cannot be carried out; kCorrupt for data or a model
///          that is none, and for a loss or a weight that stopped being a number (the checkpoints
///          before it stay); kIo when the disk is full (likewise); kUnsupported in a build without
///          LibTorch, and for a device that is not there; LostRanks when another rank ended: what
///          can be saved is then saved.
/// Threads: one run at a time in a process.
[[nodiscard]] TrainOutcome train(const Recipe& recipe, const TrainOptions& options);

/// "1.13.1", or empty in a build without LibTorch.
[[nodiscard]] std::string torch_version();

}  // namespace frugal::train
