#pragma once

/// Speed and joules of reading and of writing tokens, apart.

#include <cstdint>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/base/statistics.h"
#include "frugal/engine/engine.h"
#include "frugal/meter/meter.h"

namespace frugal::study {

struct SpeedOptions {
  std::size_t tokens = 256;
  std::size_t batch = 1;  ///< sequences written side by side
  std::size_t repeats = 5;
  std::uint64_t seed = 1;
  ProgressFn progress = {};
};

/// One phase on one number of threads.
struct Speed {
  Phase phase = Phase::kPrefill;
  std::size_t threads = 1;
  std::size_t batch = 1;                 ///< sequences side by side
  std::size_t tokens = 0;                ///< of each sequence, per repeat
  std::vector<double> rate_samples;      ///< tokens per second, of all sequences together
  std::vector<double> joules_samples;    ///< per token; empty when the meter could not read
  std::vector<meter::Reading> readings;  ///< of the last repeat

  [[nodiscard]] Summary tokens_per_s() const { return summarise(rate_samples); }
  [[nodiscard]] double median_tokens_per_s() const { return quantile(rate_samples, 0.5); }
  [[nodiscard]] Summary joules_per_token() const { return summarise(joules_samples); }
};

/// kPrefill: `tokens` random tokens in one go into an empty cache.  kDecode: `tokens` tokens one by
/// one, greedy, after one random token, in each of `batch` sequences.  One uncounted repeat first.
///
/// Errors: kInvalidArgument for 0 tokens, sequences or repeats; those of Engine::forward.
[[nodiscard]] Speed measure_speed(engine::Engine& engine, Phase phase, const SpeedOptions& options,
                                  meter::Meter& meter);

}  // namespace frugal::study
