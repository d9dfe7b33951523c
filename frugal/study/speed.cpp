#include "frugal/study/speed.h"

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/engine/sampler.h"
#include "frugal/study/workload.h"

namespace frugal::study {

namespace {

void read_all(engine::Engine& engine, engine::KvCache& cache, std::span<const TokenId> prompt) {
  cache.truncate(0);
  (void)engine.forward(cache, prompt, engine::Logits::kLast, Phase::kPrefill);
}

void write_all(engine::Engine& engine, engine::KvCache& cache, TokenId first, std::size_t tokens) {
  cache.truncate(0);
  TokenId token = first;
  for (std::size_t i = 0; i < tokens; ++i) {
    token = engine::argmax(
        engine.forward(cache, std::span(&token, 1), engine::Logits::kLast, Phase::kDecode));
  }
}

}  // namespace

Speed measure_speed(engine::Engine& engine, Phase phase, const SpeedOptions& options,
                    meter::Meter& meter) {
  if (options.tokens == 0 || options.repeats == 0) {
    throw Error(ErrorKind::kInvalidArgument, "a measurement needs at least 1 token and 1 repeat");
  }
  const auto prompt = random_prompt(engine.model(), options.tokens, options.seed);
  engine::KvCache cache(engine.model().config, options.tokens);
  Speed speed;
  speed.phase = phase;
  speed.threads = engine.threads();
  speed.tokens = options.tokens;
  for (std::size_t i = 0; i <= options.repeats; ++i) {
    report_progress(options.progress,
                    {.stage = phase_name(phase), .done = i, .total = options.repeats + 1});
    meter.start();
    const Seconds started = monotonic_now();
    if (phase == Phase::kPrefill) {
      read_all(engine, cache, prompt);
    } else {
      write_all(engine, cache, prompt[0], options.tokens);
    }
    const Seconds time = monotonic_now() - started;
    speed.readings = meter.stop();
    if (i == 0) continue;  // cold
    const meter::Reading total = meter::total(speed.readings);
    const auto tokens = static_cast<double>(options.tokens);
    speed.rate_samples.push_back(tokens / time.value());
    if (total.quality != meter::Quality::kUnavailable) {
      speed.joules_samples.push_back(total.energy.value() / tokens);
    }
  }
  return speed;
}

}  // namespace frugal::study
