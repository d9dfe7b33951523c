#include "frugal/study/calibrate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/base/statistics.h"
#include "frugal/base/str.h"
#include "frugal/meter/window.h"

// Every run is one row: joules on the right, the amounts of the terms on the left.  Relative
// errors, because an idle second and a busy one differ tenfold in energy and the counter is as good
// for both.  The bootstrap draws runs within each workload, so that every replicate holds all
// workloads; mixtures that had no part in the fit say how far its sums can be trusted.

namespace frugal::study {

namespace {

using meter::Term;

[[noreturn]] void refuse(const meter::Meter& meter, std::string_view what) {
  throw Error(
      ErrorKind::kUnsupported,
      str("calibrate: {} of meter '{}', expected a counter of energy (frugal info says what "
          "each would need)",
          what, meter.name()));
}

/// Joules of one span; nothing where they could not be read.
std::optional<Joules> weigh(const MicroWorkload& workload, meter::Meter& meter,
                            const CalibrateOptions& options, CalibrationRun& run,
                            meter::Quality& worst) {
  const auto machine_cpu = [&options] {
    return options.machine_cpu ? options.machine_cpu->read() : std::nullopt;
  };
  const auto before = machine_cpu();
  const std::vector<meter::Reading> readings =
      meter::measure(meter, [&] { run.activity = workload.run(options.each); });
  const auto after = machine_cpu();
  if (before && after) run.activity.cpu = std::max(run.activity.cpu, *after - *before);
  const meter::Reading total = meter::total(readings);
  if (total.quality == meter::Quality::kModelled) refuse(meter, "the modelled joules");
  if (total.quality == meter::Quality::kUnavailable) return std::nullopt;
  worst = std::max(worst, total.quality);
  if (total.time > Seconds(0.0)) run.activity.time = total.time;  // that of the joules
  return total.energy;
}

std::vector<std::size_t> order_of(std::size_t workloads, std::size_t repeats, Random& random) {
  std::vector<std::size_t> order;
  for (std::size_t round = 0; round < repeats; ++round) {
    std::vector<std::size_t> one(workloads);
    std::iota(one.begin(), one.end(), std::size_t{0});
    random.shuffle(one);
    order.insert(order.end(), one.begin(), one.end());
  }
  return order;
}

void run_all(std::span<const MicroWorkload> workloads, meter::Meter& meter,
             const CalibrateOptions& options, Calibration& out) {
  constexpr std::size_t kPatience = 3;  // runs without a reading before there is none
  Random random(options.seed);
  const auto order = order_of(workloads.size(), options.repeats, random);
  out.quality = meter::Quality::kMeasured;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const MicroWorkload& workload = workloads[order[i]];
    report_progress(
        options.progress,
        {.stage = "calibrate", .done = i, .total = order.size(), .detail = workload.name});
    CalibrationRun run{.workload = order[i], .activity = {}, .energy = {}};
    const auto energy = weigh(workload, meter, options, run, out.quality);
    if (!energy) {
      if (++out.lost >= kPatience && out.runs.empty()) refuse(meter, "no reading");
      continue;
    }
    if (!(*energy > Joules(0.0))) refuse(meter, str("no joules in {:.3g} s", options.each.value()));
    run.energy = *energy;
    out.runs.push_back(run);
  }
  if (out.runs.empty()) refuse(meter, "no reading");
  if (4 * out.lost > order.size()) {
    throw Error(ErrorKind::kIo, str("calibrate: meter '{}' could not read {} of {} runs",
                                    meter.name(), out.lost, order.size()));
  }
}

/// Terms that some fitted workload had any of.
std::vector<Term> terms_of(std::span<const MicroWorkload> workloads, const Calibration& out) {
  std::array<bool, meter::kTerms> seen{};
  for (const CalibrationRun& run : out.runs) {
    if (workloads[run.workload].held_out) continue;
    const meter::Amounts amounts = meter::amounts_of(run.activity);
    for (std::size_t i = 0; i < amounts.size(); ++i) seen[i] = seen[i] || amounts[i] > 0.0;
  }
  std::vector<Term> terms;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) terms.push_back(static_cast<Term>(i));
  }
  return terms;
}

struct Split {
  LinearSystem fit;
  std::vector<std::size_t> groups;
  LinearSystem held_out;
};

Split split_runs(std::span<const MicroWorkload> workloads, const Calibration& out,
                 const std::vector<Term>& terms) {
  Split split;
  split.fit.columns = split.held_out.columns = terms.size();
  for (const CalibrationRun& run : out.runs) {
    const meter::Amounts amounts = meter::amounts_of(run.activity);
    std::vector<double> row;
    for (const Term term : terms) row.push_back(amounts[static_cast<std::size_t>(term)]);
    const bool held_out = workloads[run.workload].held_out;
    (held_out ? split.held_out : split.fit).add(row, run.energy.value());
    if (!held_out) split.groups.push_back(run.workload);
  }
  return split;
}

struct Sums {
  double energy_j = 0.0;
  double cpu_s = 0.0;
  double time_s = 0.0;

  [[nodiscard]] double busy_share() const { return time_s > 0.0 ? cpu_s / time_s : 0.0; }
};

/// What is left of each run when the idle machine is taken out, per CPU second; one figure for each
/// workload, so that the deviation is that of what programs may be like.
meter::Price busy_cpu(std::size_t workloads, const Calibration& out, double idle_w) {
  constexpr double kBusy = 0.3;  // of the busiest: the idle one is no measure of a busy CPU
  std::vector<Sums> sums(workloads);
  double busiest = 0.0;
  for (const CalibrationRun& run : out.runs) {
    Sums& sum = sums[run.workload];
    sum.energy_j += run.energy.value();
    sum.cpu_s += run.activity.cpu.value();
    sum.time_s += run.activity.time.value();
  }
  for (const Sums& sum : sums) busiest = std::max(busiest, sum.busy_share());
  if (!(busiest > 0.0)) {
    throw Error(ErrorKind::kUnsupported, "calibrate: no CPU time was counted, expected some");
  }
  std::vector<double> powers;
  for (const Sums& sum : sums) {
    if (sum.busy_share() < kBusy * busiest) continue;
    powers.push_back(std::max(0.0, (sum.energy_j - idle_w * sum.time_s) / sum.cpu_s));
  }
  const Summary summary = summarise(powers);
  return {.value = summary.mean,
          .std = summary.count > 1 ? summary.std_dev : summary.mean,
          .fitted = true,
          .source = "fitted: mean over the workloads, ± their spread"};
}

}  // namespace

Calibration calibrate(std::span<const MicroWorkload> workloads, meter::Meter& meter,
                      const CalibrateOptions& options) {
  constexpr Seconds kShortest{0.01};
  constexpr Seconds kWarmUp{0.1};
  if (options.repeats == 0 || options.each < kShortest) {
    throw Error(ErrorKind::kInvalidArgument,
                str("calibrate: {} repeats of {:g} s, expected at least 1 of 0.01 s",
                    options.repeats, options.each.value()));
  }
  meter.start();  // before any work: a model needs none to be known as one
  if (meter::total(meter.stop()).quality == meter::Quality::kModelled) {
    refuse(meter, "the modelled joules");
  }
  // Memory is made, caches and clocks are warmed up.
  for (const MicroWorkload& workload : workloads)
    (void)workload.run(std::min(options.each, kWarmUp));
  Calibration out;
  run_all(workloads, meter, options, out);
  const std::vector<Term> terms = terms_of(workloads, out);
  const Split split = split_runs(workloads, out, terms);
  const auto prices = fit_with_intervals(split.fit, split.groups,
                                         {.replicates = options.replicates, .seed = options.seed});
  std::vector<double> values;
  double idle_w = 0.0;
  for (std::size_t j = 0; j < terms.size(); ++j) {
    out.terms.push_back({.term = terms[j], .price = prices[j]});
    values.push_back(prices[j].value);
    if (terms[j] == Term::kIdle) idle_w = prices[j].value;
  }
  std::vector<double> predicted;
  for (std::size_t i = 0; i < split.held_out.rows(); ++i) {
    predicted.push_back(split.held_out.predict(i, values));
  }
  out.held_out = hold_out(predicted, split.held_out.b);
  out.busy_cpu = busy_cpu(workloads.size(), out, idle_w);
  return out;
}

meter::EnergyModel model_from(const Calibration& calibration, const meter::EnergyModel& priors,
                              const std::string& meter_name) {
  meter::EnergyModel model = priors;
  model.name = str("fitted to {}; {}", meter_name, priors.name);
  for (const FittedTerm& fitted : calibration.terms) {
    model[fitted.term] =
        meter::Price{.value = fitted.price.value,
                     .std = fitted.price.std,
                     .fitted = true,
                     .source = str("fitted, 95 % of the bootstrap in {:.3g} to {:.3g}",
                                   fitted.price.low95, fitted.price.high95)};
  }
  constexpr double kStdOfMedian = 1.4826;  // of normal errors
  if (calibration.held_out.count > 0) {
    model.relative_std = kStdOfMedian * calibration.held_out.median;
  }
  return model;
}

}  // namespace frugal::study
