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
#include "frugal/engine/step.h"
#include "frugal/engine/watch.h"
#include "frugal/kernels/kernels.h"
#include "frugal/model/model.h"
#include "frugal/tensor/view.h"

namespace frugal::engine {

struct EngineOptions {
  std::size_t threads = 1;
  std::size_t prompt_threads = 0;  ///< for passes that read prompts; 0: as `threads`
  std::size_t batch = 256;         ///< most tokens computed at once; bounds the scratch memory
  const kernels::Kernels* kernels = nullptr;  ///< null: the best for this CPU
  /// Tokens that may (Step::exits_from) stop at the first exit of the model whose likeliest token
  /// has this probability or more, and get their logits there; 0: none does.  Not lossless.  The
  /// layers that such a token does not go through still keep its key and value, made from what it
  /// was at the exit, so that later tokens see it in every layer.
  float exit_confidence = 0.0F;
  ProductWatch watch = {};  ///< none: costs nothing
};

/// Runs one model.
///
/// Threads: one caller at a time; the work is spread over a team of its own.
class Engine {
 public:
  /// The model must outlive the engine.
  /// Errors: kInvalidArgument for 0 threads or batch, and for an exit confidence that is no number
  ///         of at least 0, or is above 0 where the model has no exits.
  Engine(const model::Model& model, const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Appends the tokens of each step to its sequence and returns logits.
  ///
  /// Weights are read once for all steps.  The numbers of a sequence do not depend on what shares
  /// the call, nor on how its tokens are spread over calls.
  ///
  /// Shapes:  result: [wanted rows of all steps in order, vocab_size]; a step wants no row (kNone),
  ///          one (kLast) or a row per token (kAll).  Valid until the next call.
  /// Numbers: float32.
  /// Errors:  kInvalidArgument for a step without tokens, an id outside the vocabulary, more tokens
  ///          than a cache has room for, or a pool without a free page; kUnsupported for a model
  ///          that gives no logits; kCorrupt for weights that are not finite.  The caches are then
  ///          as they were.
  MatrixView<const float> forward(std::span<const Step> steps);

  /// The same for one sequence.
  std::span<const float> forward(KvCache& cache, std::span<const TokenId> tokens, Logits wanted,
                                 Phase phase = Phase::kPrefill);

  /// One vector for a whole text: the rows after the last layer and norm, pooled as the model says
  /// (by their mean where it says nothing).
  ///
  /// Shapes:  result: [embedding].
  /// Numbers: float32, not normalised.
  /// Errors:  as forward; kInvalidArgument for more tokens than the model has positions.
  [[nodiscard]] std::vector<float> embed(std::span<const TokenId> tokens);

  /// Scores of the model's classifier for a whole text: output(tanh(dense pooled)).
  ///
  /// Shapes:  result: [labels].
  /// Errors:  as embed; kUnsupported for a model without a classifier.
  [[nodiscard]] std::vector<float> classify(std::span<const TokenId> tokens);

  [[nodiscard]] const model::Model& model() const;
  [[nodiscard]] const kernels::Kernels& kernels() const;
  /// Threads of a pass: those that read prompts may have another number.
  [[nodiscard]] std::size_t threads(Phase phase = Phase::kDecode) const;
  [[nodiscard]] float exit_confidence() const;

  /// Work since construction: operations, bytes and seconds by phase and by layer.  Prompt tokens
  /// are counted by prefill, what only callers know of by them (`count`).
  [[nodiscard]] const Work& work() const;
  /// Tokens that were handed out, found in a cache, thrown away or computed again, and how much of
  /// the time went to waste.
  void count(Phase phase, const PhaseWork& more);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Exact work of one forward pass of `tokens` tokens after `past` cached positions, from the
/// kernels' own cost functions; what `Engine::work` adds for it.
[[nodiscard]] Cost forward_cost(const model::Model& model, std::size_t tokens, std::size_t past,
                                std::size_t logit_rows, KvType kv);

/// The same for one token that is scored at every exit up to that of layer `exit` and stops there.
[[nodiscard]] Cost early_exit_cost(const model::Model& model, std::size_t past, std::size_t exit,
                                   KvType kv);
/// What one more score costs: logits of `rows` at an exit, and how probable the likeliest is.
[[nodiscard]] Cost exit_score_cost(const model::Model& model, const model::Norm& exit_norm,
                                   std::size_t rows);

}  // namespace frugal::engine
