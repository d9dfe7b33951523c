#include "frugal/study/thread_choice.h"

#include <algorithm>

#include "frugal/base/error.h"
#include "frugal/base/statistics.h"
#include "frugal/study/setup.h"

namespace frugal::study {

namespace {

constexpr double kAlike = 1.03;

double joules_of(const Speed& trial) {
  return quantile(trial.joules_samples, 0.5);
}

bool has_joules(const Speed& trial) {
  return !trial.joules_samples.empty();
}

}  // namespace

const Speed& cheapest(std::span<const Speed> trials) {
  FRUGAL_CHECK(!trials.empty());
  const bool by_joules = std::all_of(trials.begin(), trials.end(), has_joules);
  double limit = 0.0;
  if (by_joules) {
    const auto least = std::min_element(
        trials.begin(), trials.end(),
        [](const Speed& a, const Speed& b) { return joules_of(a) < joules_of(b); });
    limit = kAlike * joules_of(*least);
  }
  const Speed* best = nullptr;
  for (const Speed& trial : trials) {
    if (by_joules && joules_of(trial) > limit) continue;
    if (best == nullptr || trial.median_tokens_per_s() > best->median_tokens_per_s()) best = &trial;
  }
  return *best;
}

ThreadChoice choose_threads(const model::Model& model, const ThreadChoiceOptions& options,
                            meter::Meter& meter) {
  const std::vector<std::size_t> counts = thread_counts(options.counts);
  ThreadChoice choice;
  const auto measure = [&](Phase phase, std::size_t tokens) {
    const std::size_t first = choice.trials.size();
    for (const std::size_t count : counts) {
      engine::Engine engine(model, {.threads = count, .kernels = options.kernels});
      choice.trials.push_back(measure_speed(
          engine, phase,
          {.tokens = tokens, .repeats = options.repeats, .progress = options.progress}, meter));
    }
    return cheapest(std::span(choice.trials).subspan(first)).threads;
  };
  choice.prompt = measure(Phase::kPrefill, options.prompt_tokens);
  choice.output = measure(Phase::kDecode, options.output_tokens);
  choice.by_joules = std::all_of(choice.trials.begin(), choice.trials.end(), has_joules);
  return choice;
}

}  // namespace frugal::study
