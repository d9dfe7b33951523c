#include "frugal/study/speed.h"

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/engine/sampler.h"
#include "frugal/study/workload.h"

namespace frugal::study {

namespace {

/// Sequences that grow together.
class Sequences {
 public:
  Sequences(engine::Engine& engine, std::size_t count, std::size_t tokens) : engine_(engine) {
    caches_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) caches_.emplace_back(engine.model().config, tokens);
  }

  void read(std::span<const TokenId> prompt) {
    caches_[0].truncate(0);
    (void)engine_.forward(caches_[0], prompt, engine::Logits::kLast, Phase::kPrefill);
  }

  void write(std::span<const TokenId> first, std::size_t tokens) {
    std::vector<TokenId> next(caches_.size());
    std::vector<engine::Step> steps;
    for (std::size_t i = 0; i < caches_.size(); ++i) {
      caches_[i].truncate(0);
      next[i] = first[i % first.size()];
      steps.push_back(
          {&caches_[i], std::span(&next[i], 1), engine::Logits::kLast, Phase::kDecode, 0});
    }
    for (std::size_t t = 0; t < tokens; ++t) {
      const MatrixView<const float> logits = engine_.forward(steps);
      for (std::size_t i = 0; i < next.size(); ++i) {
        next[i] = engine::argmax({logits.row(i), logits.cols});
      }
    }
  }

 private:
  engine::Engine& engine_;
  std::vector<engine::KvCache> caches_;
};

}  // namespace

Speed measure_speed(engine::Engine& engine, Phase phase, const SpeedOptions& options,
                    meter::Meter& meter) {
  if (options.tokens == 0 || options.repeats == 0 || options.batch == 0) {
    throw Error(ErrorKind::kInvalidArgument,
                "a measurement needs at least 1 token, 1 sequence and 1 repeat");
  }
  const auto prompt = random_prompt(engine.model(), options.tokens, options.seed);
  const std::size_t batch = phase == Phase::kDecode ? options.batch : 1;
  Sequences sequences(engine, batch, options.tokens);
  Speed speed;
  speed.phase = phase;
  speed.threads = engine.threads();
  speed.batch = batch;
  speed.tokens = options.tokens;
  for (std::size_t i = 0; i <= options.repeats; ++i) {
    report_progress(options.progress,
                    {.stage = phase_name(phase), .done = i, .total = options.repeats + 1});
    meter.start();
    const Seconds started = monotonic_now();
    if (phase == Phase::kPrefill) {
      sequences.read(prompt);
    } else {
      sequences.write(prompt, options.tokens);
    }
    const Seconds time = monotonic_now() - started;
    speed.readings = meter.stop();
    if (i == 0) continue;  // cold
    const meter::Reading total = meter::total(speed.readings);
    const auto tokens = static_cast<double>(batch * options.tokens);
    speed.rate_samples.push_back(tokens / time.value());
    if (total.quality != meter::Quality::kUnavailable) {
      speed.joules_samples.push_back(total.energy.value() / tokens);
    }
  }
  return speed;
}

}  // namespace frugal::study
