#include "frugal/study/workload.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "frugal/base/clock.h"
#include "frugal/engine/sampler.h"
#include "frugal/meter/window.h"

namespace frugal::study {

namespace {

void run_once(engine::Engine& engine, engine::KvCache& cache, const Workload& workload) {
  cache.truncate(0);
  std::span<const float> logits =
      engine.forward(cache, workload.prompt, engine::Logits::kLast, Phase::kPrefill);
  for (std::size_t i = 0; i < workload.output_tokens; ++i) {
    const TokenId token = engine::argmax(logits);
    engine.count(Phase::kDecode, {.output_tokens = 1});
    logits = engine.forward(cache, std::span(&token, 1), engine::Logits::kLast, Phase::kDecode);
  }
}

}  // namespace

Weighing weigh(engine::Engine& engine, engine::KvCache& cache, const Workload& workload,
               std::size_t passes, meter::Meter& meter) {
  const Work before = engine.work();
  Weighing weighing;
  weighing.readings = meter::measure(meter, [&] {
    for (std::size_t pass = 0; pass < passes; ++pass) run_once(engine, cache, workload);
  });
  weighing.passes = passes;
  weighing.receipt = account::attribute(weighing.readings, engine.work().since(before));
  return weighing;
}

std::size_t passes_for(engine::Engine& engine, engine::KvCache& cache, const Workload& workload,
                       Seconds target) {
  run_once(engine, cache, workload);  // cold: pages, caches
  const Seconds started = monotonic_now();
  run_once(engine, cache, workload);
  const Seconds once = monotonic_now() - started;
  const double passes = std::ceil(target.value() / std::max(once.value(), 1e-6));
  return static_cast<std::size_t>(std::clamp(passes, 1.0, 10000.0));
}

std::vector<TokenId> random_prompt(const model::Model& model, std::size_t count,
                                   std::uint64_t seed) {
  const std::size_t vocab = model.config.vocab_size;
  // The first ids of most vocabularies are control and byte tokens.
  const std::size_t first = vocab > 1024 ? 300 : vocab / 2;
  std::mt19937_64 random(seed);
  std::vector<TokenId> tokens(count);
  for (TokenId& token : tokens) {
    token = static_cast<TokenId>(first + (random() % (vocab - first)));
  }
  return tokens;
}

}  // namespace frugal::study
