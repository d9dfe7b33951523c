#pragma once

/// Prompts to logits: the forward pass over a KV cache, with its work counted.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "frugal/base/thread_pool.h"
#include "frugal/base/work.h"
#include "frugal/engine/kv_cache.h"
#include "frugal/kernels/kernels.h"
#include "frugal/model/model.h"

namespace frugal::engine {

using text::TokenId;

struct EngineOptions {
  std::size_t threads = 1;
  std::size_t batch = 256;  ///< most tokens computed at once; bounds the scratch memory
  const kernels::Kernels* kernels = nullptr;  ///< null: the best for this CPU
};

/// Which positions of a forward pass want logits.
enum class Logits { kNone, kLast, kAll };

/// Runs one model.
///
/// Threads: one caller at a time; the work is spread over a team of its own.
class Engine {
 public:
  /// The model must outlive the engine.
  /// Errors: kInvalidArgument for 0 threads or batch.
  Engine(const model::Model& model, const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Appends `tokens` to the cached sequence and returns logits.
  ///
  /// Shapes:  result: [1 or tokens.size(), vocab_size], row-major; valid until the next call.
  ///          kNone gives an empty span, kLast one row, kAll a row per token.
  /// Numbers: float32.
  /// Errors:  kInvalidArgument for an empty call, an id outside the vocabulary, or more tokens than
  ///          the cache has room for; the cache is then unchanged.
  std::span<const float> forward(KvCache& cache, std::span<const TokenId> tokens, Logits wanted,
                                 Phase phase = Phase::kPrefill);

  [[nodiscard]] const model::Model& model() const;
  [[nodiscard]] const kernels::Kernels& kernels() const;
  [[nodiscard]] std::size_t threads() const;

  /// Work since construction: operations, bytes and seconds by phase.  Prompt tokens are counted by
  /// prefill, output tokens by whoever hands them out (`count_output`).
  [[nodiscard]] const Work& work() const;
  void count_output(Phase phase, std::uint64_t tokens);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Exact work of one forward pass of `tokens` tokens after `past` cached positions, from the
/// kernels' own cost functions; what `Engine::work` adds for it.
[[nodiscard]] Cost forward_cost(const model::Model& model, std::size_t tokens, std::size_t past,
                                std::size_t logit_rows, KvType kv);

}  // namespace frugal::engine
