#include "frugal/study/optimize.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/meter/window.h"
#include "frugal/model/huggingface.h"
#include "frugal/study/candidates.h"
#include "frugal/study/record.h"
#include "frugal/study/setup.h"

// How the study keeps its figures honest:
//   * Quality is paired: both models see the same windows, and the interval is that of the
//     difference.
//   * Energy is interleaved: every round weighs each plan once, in a new order, so that drift of
//   the
//     machine (heat, neighbours) falls on all plans alike; plans are compared within rounds.
//   * A plan wins only if it is surely below the baseline; else the baseline stays.

namespace frugal::study {

namespace {

OptimizeOptions completed(OptimizeOptions options) {
  options.threads = thread_counts(std::move(options.threads));  // the baseline: all CPUs
  if (options.kernels == nullptr) options.kernels = &kernels::choose_kernels("");
  if (options.prompt_tokens == 0 || options.output_tokens == 0 || options.min_repeats < 2 ||
      options.max_repeats < options.min_repeats) {
    throw Error(ErrorKind::kInvalidArgument,
                "a study needs prompt and output tokens, and repeats from 2 up");
  }
  return options;
}

std::vector<TokenId> read_text(const OptimizeOptions& options) {
  const auto file = model::open_tensors(options.model);
  const auto tokenizer = model::load_tokenizer(*file);
  std::vector<TokenId> tokens = tokenizer->encode(read_text_file(options.text), {});
  const std::size_t needed = std::max(2 * options.eval_context, options.prompt_tokens);
  if (tokens.size() < needed) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: {} tokens, expected at least {} for an interval", options.text.string(),
                    tokens.size(), needed));
  }
  if (options.eval_tokens > 0 && tokens.size() > options.eval_tokens) {
    tokens.resize(std::max(options.eval_tokens, needed));
  }
  return tokens;
}

// An engine ready to be weighed.
struct Bench {
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<engine::KvCache> cache;
  std::size_t passes = 1;
};

std::vector<PlanResult> list_plans(const OptimizeOptions& options,
                                   const std::vector<Candidate>& candidates) {
  std::vector<PlanResult> plans;
  for (const Candidate& candidate : candidates) {
    for (const std::size_t threads : options.threads) {
      PlanResult plan;
      plan.transform = candidate.transform;
      plan.threads = threads;
      plan.baseline = !candidate.comparison && threads == usable_cpus();
      plan.file = candidate.file;
      plan.file_bytes = candidate.model.file->file_bytes();
      plan.score = candidate.score;
      plan.comparison = candidate.comparison;
      plans.push_back(std::move(plan));
    }
  }
  return plans;
}

bool precise(const PlanResult& plan, double wanted) {
  const Summary joules = plan.joules_per_token();
  return joules.half_width95() <= wanted * joules.mean;
}

// Weighs the plans against each other, round by round, until every interval is narrow enough.
class Rounds {
 public:
  Rounds(const OptimizeOptions& options, const std::vector<Candidate>& candidates,
         const std::vector<TokenId>& text, std::vector<PlanResult>& plans)
      : options_(options), plans_(plans), meter_(options.make_meter()), random_(options.seed) {
    workload_.prompt.assign(text.begin(),
                            text.begin() + static_cast<std::ptrdiff_t>(options.prompt_tokens));
    workload_.output_tokens = options.output_tokens;
    warm_up(candidates);
  }

  void run() {
    std::vector<std::size_t> order(plans_.size());
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t round = 0; round < options_.max_repeats; ++round) {
      const bool all_precise = std::all_of(plans_.begin(), plans_.end(), [&](const auto& plan) {
        return precise(plan, options_.precision);
      });
      if (round >= options_.min_repeats && all_precise) break;
      std::shuffle(order.begin(), order.end(), random_);
      for (std::size_t i = 0; i < order.size(); ++i) {
        report_progress(options_.progress, {.stage = "weigh",
                                            .done = (round * order.size()) + i,
                                            .total = options_.max_repeats * order.size()});
        weigh_plan(order[i]);
      }
    }
    for (std::size_t i = 0; i < plans_.size(); ++i) plans_[i].receipt = mean_receipt(i);
  }

 private:
  void warm_up(const std::vector<Candidate>& candidates) {
    const std::size_t context = options_.prompt_tokens + options_.output_tokens;
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      report_progress(options_.progress, {.stage = "warm up", .done = i, .total = plans_.size()});
      const Candidate& candidate = candidates[i / options_.threads.size()];
      Bench bench;
      bench.engine = std::make_unique<engine::Engine>(
          candidate.model,
          engine::EngineOptions{.threads = plans_[i].threads, .kernels = options_.kernels});
      bench.cache = std::make_unique<engine::KvCache>(candidate.model.config, context);
      bench.passes = passes_for(*bench.engine, *bench.cache, workload_, options_.repeat_time);
      benches_.push_back(std::move(bench));
    }
    readings_.resize(plans_.size());
    work_.resize(plans_.size());
  }

  // The receipt of one pass: every pass did the same work, so counts divide without a rest.
  account::Receipt mean_receipt(std::size_t index) {
    const std::uint64_t passes = benches_[index].passes * plans_[index].joules_samples.size();
    const double share = 1.0 / static_cast<double>(passes);
    for (meter::Reading& reading : readings_[index]) {
      reading.energy = share * reading.energy;
      reading.uncertainty = share * reading.uncertainty;
      reading.time = share * reading.time;
    }
    return account::attribute(readings_[index], work_[index].divided_by(passes));
  }

  void weigh_plan(std::size_t index) {
    Bench& bench = benches_[index];
    const Weighing weighing = weigh(*bench.engine, *bench.cache, workload_, bench.passes, *meter_);
    const auto joules = weighing.receipt.joules_per_output_token();
    if (!joules || *joules <= 0.0) {
      throw Error(ErrorKind::kUnsupported,
                  str("meter '{}': {}, expected a reading", meter_->name(),
                      weighing.receipt.total.note.empty() ? "no energy in a repetition"
                                                          : weighing.receipt.total.note));
    }
    const PhaseWork total = weighing.receipt.work.total();
    plans_[index].joules_samples.push_back(*joules);
    plans_[index].rate_samples.push_back(static_cast<double>(total.output_tokens) /
                                         weighing.receipt.total.time.value());
    work_[index] += weighing.receipt.work;
    add_readings(readings_[index], weighing.readings);
  }

  const OptimizeOptions& options_;
  std::vector<PlanResult>& plans_;
  std::unique_ptr<meter::Meter> meter_;
  std::mt19937_64 random_;
  Workload workload_;
  std::vector<Bench> benches_;
  std::vector<std::vector<meter::Reading>> readings_;
  std::vector<Work> work_;
};

// Log ratio of a plan's joules to the baseline's, round by round.
Summary log_ratio(const PlanResult& plan, const PlanResult& baseline) {
  std::vector<double> ratios;
  const std::size_t rounds = std::min(plan.joules_samples.size(), baseline.joules_samples.size());
  for (std::size_t i = 0; i < rounds; ++i) {
    ratios.push_back(std::log(plan.joules_samples[i] / baseline.joules_samples[i]));
  }
  return summarise(ratios);
}

void judge(OptimizeResult& result) {
  const PlanResult& baseline = result.plans[result.baseline];
  result.chosen = result.baseline;
  double fewest = baseline.joules_per_token().mean;
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    PlanResult& plan = result.plans[i];
    const double upper = plan.comparison ? plan.comparison->nll_increase.upper95() : 0.0;
    if (upper > result.limit_nats) {
      plan.decision = Decision::kRefused;
      plan.reason =
          str("NLL may rise by {:.4f} (upper 95 %), more than {:.4f}", upper, result.limit_nats);
      continue;
    }
    plan.decision = Decision::kAccepted;
    const bool surely_less = i != result.baseline && log_ratio(plan, baseline).upper95() < 0.0;
    plan.reason = i == result.baseline ? "the file as given on all CPUs"
                  : surely_less        ? "within the bound, fewer joules than the baseline"
                                       : "within the bound, no sure saving";
    if (surely_less && plan.joules_per_token().mean < fewest) {
      fewest = plan.joules_per_token().mean;
      result.chosen = i;
    }
  }
  PlanResult& chosen = result.plans[result.chosen];
  chosen.decision = Decision::kChosen;
  if (result.chosen != result.baseline) chosen.reason = "fewest joules per token within the bound";
}

std::string verdict_of(const OptimizeResult& result) {
  const PlanResult& baseline = result.plans[result.baseline];
  const PlanResult& chosen = result.plans[result.chosen];
  if (result.chosen == result.baseline) {
    return str("No plan is surely cheaper within the bound: keep the file as given on {} thread{}.",
               baseline.threads, baseline.threads == 1 ? "" : "s");
  }
  const Summary ratio = log_ratio(chosen, baseline);
  const double saving = 100.0 * (1.0 - std::exp(ratio.mean));
  const double half = 100.0 * std::exp(ratio.mean) * ratio.half_width95();
  const std::string quality =
      chosen.comparison
          ? str("NLL rises by at most {:.4f} nats per token (upper 95 %), within {:.4f}",
                std::max(0.0, chosen.comparison->nll_increase.upper95()), result.limit_nats)
          : std::string("the model is the same");
  return str("{} needs {:.0f} % ± {:.0f} % fewer joules per token than {}; {}.", chosen.label(),
             saving, half, baseline.label(), quality);
}

}  // namespace

std::string MaxDrop::text() const {
  return relative ? str("{:g}% of the baseline's NLL", 100.0 * value)
                  : str("{:g} nats per token", value);
}

MaxDrop parse_max_drop(std::string_view text) {
  const bool relative = text.ends_with('%');
  const auto number = parse_double(relative ? text.substr(0, text.size() - 1) : text);
  if (!number || !std::isfinite(*number) || *number < 0.0) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--max-drop '{}': expected a share such as 1% or nats per token such as 0.02",
                    printable(text)));
  }
  return {.value = relative ? *number / 100.0 : *number, .relative = relative};
}

std::string PlanResult::label() const {
  return str("{}, {} thread{}", transform, threads, threads == 1 ? "" : "s");
}

OptimizeResult optimize(const OptimizeOptions& given) {
  const OptimizeOptions options = completed(given);
  refuse_to_replace_input(options);
  const std::vector<TokenId> text = read_text(options);
  const WorkFolder folder(options.out_dir / ".optimize");
  const std::unique_ptr<meter::Meter> whole = options.make_meter();
  ledger::Ledger ledger(options.out_dir / "ledger.sqlite");

  meter::Span whole_span(*whole);
  const std::vector<Candidate> candidates = make_candidates(options, text, folder);
  OptimizeResult result;
  result.limit_nats = options.max_drop.nats(candidates.front().score.nll);
  result.quality = quality_of(options.make_meter);
  const ledger::RunId study = begin_study(ledger, options, result, *whole);
  result.plans = list_plans(options, candidates);
  Rounds(options, candidates, text, result.plans).run();
  const meter::Reading search = meter::total(whole_span.stop());

  const auto baseline = std::find_if(result.plans.begin(), result.plans.end(),
                                     [](const PlanResult& plan) { return plan.baseline; });
  FRUGAL_CHECK(baseline != result.plans.end());
  result.baseline = static_cast<std::size_t>(baseline - result.plans.begin());
  judge(result);
  result.verdict = verdict_of(result);

  write_choice(options, result.plans[result.chosen].file, plan_json(options, result));
  record_study(ledger, study, options, result, search);
  if (options.write_report) options.write_report(ledger, options.out_dir / "report.html");
  return result;
}

}  // namespace frugal::study
