#pragma once

/// Many tasks at once on one model.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "frugal/agent/outcome.h"
#include "frugal/agent/task.h"
#include "frugal/base/progress.h"
#include "frugal/base/work.h"
#include "frugal/engine/batcher.h"

namespace frugal::agent {

struct LoopOptions {
  std::size_t trials = 1;        ///< of each task
  std::size_t max_steps = 8;     ///< messages of an agent
  std::size_t max_tokens = 128;  ///< of a message
  engine::SamplerOptions sampler = {.temperature = 0.7F};
  std::uint64_t seed = 1;  ///< with task, trial and step it fixes what is drawn
  std::size_t concurrency = 16;
  engine::KvType kv = engine::KvType::kF16;
  std::size_t kv_positions = 16384;  ///< of all agents together
  bool share_prefixes = true;  ///< keep what was computed of a conversation, and of the prompt
  /// Makes the guesses for one message; empty: none.
  std::function<std::unique_ptr<engine::Proposer>()> proposer = {};
  ProgressFn progress = {};  ///< counts finished trials
};

struct LoopResult {
  std::vector<Outcome> outcomes;  ///< by task, then by trial
  Work work;                      ///< of the engine, and of the tools under Phase::kTool
  engine::BatcherCounts counts;
};

/// Runs every task `trials` times, `concurrency` agents side by side.
///
/// The token ids of a conversation only ever grow: what the model wrote is kept as it was drawn, so
/// that each step finds all pages of the step before.  An agent draws the same tokens whoever runs
/// beside it.
///
/// Errors: kUnsupported for a model without a vocabulary or logits; kInvalidArgument for a limit of
///         0, an unknown scenario or a bad sampler option.
[[nodiscard]] LoopResult run_tasks(engine::Engine& engine, std::span<const Task> tasks,
                                   const LoopOptions& options);

}  // namespace frugal::agent
