#pragma once

/// The main job: which way of running this model costs the fewest joules per token within a bound
/// on its quality?

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/base/statistics.h"
#include "frugal/base/units.h"
#include "frugal/eval/score.h"
#include "frugal/ledger/ledger.h"
#include "frugal/study/decision.h"
#include "frugal/study/options.h"
#include "frugal/study/workload.h"

namespace frugal::study {

/// The most that the mean NLL may rise.
struct MaxDrop {
  double value = 0.01;
  bool relative = true;  ///< a share of the baseline's NLL, else nats per token

  [[nodiscard]] double nats(double baseline_nll) const {
    return relative ? value * baseline_nll : value;
  }
  [[nodiscard]] std::string text() const;  ///< "1% of the baseline's NLL", "0.02 nats per token"
};

/// "1%" or "0.02".  Errors: kInvalidArgument for anything else and for negative numbers.
[[nodiscard]] MaxDrop parse_max_drop(std::string_view text);

struct OptimizeOptions : StudyOptions {
  std::filesystem::path text;  ///< quality is measured on it
  MaxDrop max_drop;
  std::size_t prompt_tokens = 64;
  std::size_t output_tokens = 64;
  std::size_t eval_tokens = 16384;  ///< of the text; 0: all
  std::size_t eval_context = 512;
  std::size_t min_repeats = 5;
  std::size_t max_repeats = 20;
  double precision = 0.05;              ///< wanted half-width of the 95 % interval, relative
  Seconds repeat_time = Seconds(0.15);  ///< least length of one weighed repetition
};

/// One way of running the model, with its evidence.
struct PlanResult {
  std::string transform;  ///< "as is", "Q8_0", "Q4_0"
  std::size_t threads = 1;
  bool baseline = false;
  std::filesystem::path file;
  std::uint64_t file_bytes = 0;
  eval::TextScore score;
  std::optional<eval::Comparison> comparison;  ///< to the baseline's model; absent for "as is"
  std::vector<double> joules_samples;          ///< J per output token, one per repeat
  std::vector<double> rate_samples;            ///< output tokens per second, one per repeat
  account::Receipt receipt;                    ///< of one run of the workload: mean of all
  Decision decision = Decision::kAccepted;
  std::string reason;

  [[nodiscard]] std::string label() const;  ///< "Q8_0, 2 threads"
  [[nodiscard]] Summary joules_per_token() const { return summarise(joules_samples); }
  [[nodiscard]] Summary tokens_per_s() const { return summarise(rate_samples); }
};

struct OptimizeResult {
  std::vector<PlanResult> plans;
  std::size_t baseline = 0;  ///< index
  std::size_t chosen = 0;    ///< index; the baseline when nothing better was proven
  double limit_nats = 0.0;
  meter::Quality quality = meter::Quality::kUnavailable;
  std::string verdict;  ///< one sentence
};

/// Tries {as is, Q8_0, Q4_0} × thread counts and writes model.gguf, plan.json, ledger.sqlite and
/// report.html into `out_dir`, each complete or not at all.
///
/// A plan is accepted when the one-sided upper 95 % bound of its NLL increase (paired by window)
/// is within `max_drop`.  Of the accepted ones, the one of fewest joules per output token is chosen
/// if it is surely below the baseline (upper 95 % bound of the paired log ratio below 0).
/// The baseline is the file as given on as many threads as there are CPUs.
///
/// Errors: those of the parts; kUnsupported when the meter cannot weigh anything.
OptimizeResult optimize(const OptimizeOptions& options);

}  // namespace frugal::study
