#pragma once

/// The machine on the scale: one fixed piece of generation, weighed.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "frugal/account/receipt.h"
#include "frugal/engine/engine.h"
#include "frugal/meter/meter.h"

namespace frugal::study {

using text::TokenId;

/// A prompt is read and a number of tokens is written, `batch` sequences one after the other.
struct Workload {
  std::vector<TokenId> prompt;
  std::size_t output_tokens = 64;  ///< greedy, past any end-of-text
};

/// One weighed repetition.
struct Weighing {
  std::vector<meter::Reading> readings;
  account::Receipt receipt;  ///< of `passes` runs of the workload
  std::size_t passes = 1;
};

/// Runs the workload `passes` times on `meter`.
///
/// Errors: those of Engine::forward; a workload longer than the context.
[[nodiscard]] Weighing weigh(engine::Engine& engine, engine::KvCache& cache,
                             const Workload& workload, std::size_t passes, meter::Meter& meter);

/// Passes that make one repetition at least `target` long, from one timed pass (which also warms
/// caches and clocks up).
[[nodiscard]] std::size_t passes_for(engine::Engine& engine, engine::KvCache& cache,
                                     const Workload& workload, Seconds target);

/// Deterministic token ids for workloads without a text: uniform over the normal vocabulary.
[[nodiscard]] std::vector<TokenId> random_prompt(const model::Model& model, std::size_t count,
                                                 std::uint64_t seed);

}  // namespace frugal::study
