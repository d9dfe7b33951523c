#include "frugal/engine/engine.h"

#include <algorithm>
#include <cmath>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/engine/forward_pass.h"

namespace frugal::engine {

struct Engine::State {
  State(const model::Model& m, const EngineOptions& options)
      : model(m),
        kernels(options.kernels != nullptr ? *options.kernels : kernels::choose_kernels("")),
        batch(options.batch),
        pool(options.threads),
        pass(model, kernels, pool, scratch) {}

  const model::Model& model;
  const kernels::Kernels& kernels;
  std::size_t batch;
  ThreadPool pool;
  Scratch scratch;
  ForwardPass pass;
  Work work;
};

Engine::Engine(const model::Model& model, const EngineOptions& options) {
  if (options.batch == 0) {
    throw Error(ErrorKind::kInvalidArgument, "batch of 0 tokens: expected at least 1");
  }
  state_ = std::make_unique<State>(model, options);
}

Engine::~Engine() = default;

const model::Model& Engine::model() const {
  return state_->model;
}
const kernels::Kernels& Engine::kernels() const {
  return state_->kernels;
}
std::size_t Engine::threads() const {
  return state_->pool.size();
}
const Work& Engine::work() const {
  return state_->work;
}

void Engine::count_output(Phase phase, std::uint64_t tokens) {
  state_->work[phase].output_tokens += tokens;
}

namespace {

void check_request(const KvCache& cache, std::span<const TokenId> tokens, std::size_t vocab_size) {
  if (tokens.empty()) throw Error(ErrorKind::kInvalidArgument, "no tokens: expected at least one");
  if (tokens.size() > cache.capacity() - cache.size()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{} tokens after {}: expected at most {} (the context)", tokens.size(),
                    cache.size(), cache.capacity()));
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] >= 0 && static_cast<std::size_t>(tokens[i]) < vocab_size) continue;
    throw Error(ErrorKind::kInvalidArgument,
                str("token {} at position {}: expected 0 to {}", tokens[i], i, vocab_size - 1));
  }
}

void check_finite(const model::Model& model, std::span<const float> logits) {
  // A sum is finite only if all parts are; parts of any model worth running cannot overflow it.
  double sum = 0.0;
  for (const float logit : logits) sum += static_cast<double>(logit);
  if (std::isfinite(sum)) return;
  const std::string place = model::first_non_finite(model);
  throw Error(ErrorKind::kCorrupt,
              str("{}: {}, expected finite numbers", model.file->path(),
                  place.empty() ? "the logits overflow although every weight is finite" : place));
}

}  // namespace

std::span<const float> Engine::forward(KvCache& cache, std::span<const TokenId> tokens,
                                       Logits wanted, Phase phase) {
  State& s = *state_;
  const std::size_t vocab_size = s.model.config.vocab_size;
  check_request(cache, tokens, vocab_size);
  const Seconds started = monotonic_now();
  const std::size_t before = cache.size();
  const Cost cost_before = s.pass.cost();
  const std::size_t rows =
      wanted == Logits::kAll ? tokens.size() : (wanted == Logits::kLast ? 1U : 0U);
  const MatrixView<float> logits = s.scratch.logits.shape(rows, vocab_size);
  try {
    for (std::size_t at = 0; at < tokens.size(); at += s.batch) {
      const std::size_t count = std::min(s.batch, tokens.size() - at);
      s.pass.run(cache, tokens.subspan(at, count));
      if (wanted == Logits::kAll) s.pass.logits({logits.row(at), count, vocab_size, vocab_size});
    }
    if (wanted == Logits::kLast) s.pass.logits(logits);
    check_finite(s.model, {logits.data, rows * vocab_size});
  } catch (...) {
    cache.truncate(before);
    throw;
  }
  PhaseWork& work = s.work[phase];
  Cost cost = s.pass.cost();
  cost -= cost_before;
  work.cost += cost;
  work.time += monotonic_now() - started;
  if (phase == Phase::kPrefill) work.prompt_tokens += tokens.size();
  return {logits.data, rows * vocab_size};
}

}  // namespace frugal::engine
