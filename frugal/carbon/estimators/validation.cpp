#include "frugal/carbon/estimators/validation.h"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "frugal/base/statistics.h"
#include "frugal/base/str.h"
#include "frugal/carbon/estimators/codecarbon.h"
#include "frugal/carbon/estimators/cpu_curves.h"
#include "frugal/carbon/estimators/ecologits.h"
#include "frugal/carbon/estimators/rapl_profiles.h"
#include "frugal/meter/energy_priors.h"
#include "frugal/meter/published_runs.h"

namespace frugal::carbon::estimators {

namespace {

using meter::PublishedRun;

constexpr double kDefaultBatch = 64.0;
constexpr double kMostBatch = 512.0;  // the regression was made up to there

/// Every row predicted by a fit to the rows of other models.
std::vector<double> ours_by_model() {
  LinearSystem system{.columns = meter::kGpuTerms};
  std::map<std::string, std::size_t> known;
  std::vector<std::size_t> groups;
  for (const PublishedRun& run : meter::h100_runs()) {
    system.add(meter::gpu_amounts(run.run), run.joules_per_token);
    groups.push_back(known.try_emplace(run.model, known.size()).first->second);
  }
  return leave_group_out(system, groups, true);
}

double ecologits_of(const PublishedRun& run, double batch) {
  const EcologitsImpact impact = ecologits({.active_billions = run.run.active_billions,
                                            .total_billions = run.run.total_billions,
                                            .output_tokens = 1.0});
  return impact.gpus * ecologits_joules_per_token(run.run.active_billions, batch).value();
}

/// Predictions beside what was measured.
struct Compared {
  std::vector<double> predicted;
  std::vector<double> truth;

  void add(double prediction, double measured) {
    predicted.push_back(prediction);
    truth.push_back(measured);
  }
  [[nodiscard]] HoldOut errors() const { return hold_out(predicted, truth); }
  /// Median of predicted / measured − 1.
  [[nodiscard]] double bias() const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < truth.size(); ++i) ratios.push_back(predicted[i] / truth[i] - 1.0);
    return quantile(ratios, 0.5);
  }
};

struct ModelRow {
  Compared ours;
  Compared ecologits;
  Compared ecologits_batch;
};

void add_row(ModelRow& to, const PublishedRun& run, double ours) {
  const double truth = run.joules_per_token;
  to.ours.add(ours, truth);
  if (run.run.batch > kMostBatch) return;
  to.ecologits.add(ecologits_of(run, kDefaultBatch), truth);
  to.ecologits_batch.add(ecologits_of(run, run.run.batch), truth);
}

std::string percent(double share) {
  return str("{:.0f} %", 100.0 * share);
}

std::string gpu_line(const std::string& name, const ModelRow& row) {
  const auto [low, high] = std::minmax_element(row.ours.truth.begin(), row.ours.truth.end());
  return str("| {} | {} | {:.3g} to {:.3g} | {:.1f} % | {:+.0f} % | {} | {} |\n", name,
             row.ours.truth.size(), *low, *high, 100.0 * row.ours.errors().median,
             100.0 * row.ours.bias(), percent(row.ecologits.errors().median),
             percent(row.ecologits_batch.errors().median));
}

std::string error_line(std::string_view name, const HoldOut& errors) {
  return str("| {} | {:.2f} % | {} | {} |\n", name, 100.0 * errors.median, percent(errors.p90),
             percent(errors.within_factor_two));
}

HoldOut of_loads(const std::function<double(const RaplProfile&, double load)>& power) {
  Compared all;
  for (const RaplProfile& profile : kRaplProfiles) {
    for (std::size_t i = 0; i < kLoadSteps; ++i) {
      all.add(power(profile, static_cast<double>(i) / (kLoadSteps - 1)), profile.watts[i]);
    }
  }
  return all.errors();
}

/// A line over the load, fitted to the rows of other groups.
HoldOut of_lines(bool calibrated) {
  LinearSystem system{.columns = 2};
  std::map<std::string_view, std::size_t> processors;
  std::vector<std::size_t> groups;
  HoldOut out;
  Compared all;
  for (const RaplProfile& profile : kRaplProfiles) {
    if (calibrated) {
      system = {.columns = 2};
      groups.clear();
    }
    const double scale = calibrated ? 1.0 : profile.tdp_w;
    for (std::size_t i = 0; i < kLoadSteps; ++i) {
      const double load = static_cast<double>(i) / (kLoadSteps - 1);
      system.add(std::vector<double>{scale, scale * load}, profile.watts[i]);
      groups.push_back(
          calibrated ? i
                     : processors.try_emplace(profile.processor, processors.size()).first->second);
    }
    if (!calibrated) continue;
    const auto predicted = leave_group_out(system, groups, true);
    for (std::size_t i = 0; i < kLoadSteps; ++i) all.add(predicted[i], profile.watts[i]);
  }
  return calibrated ? all.errors() : hold_out(leave_group_out(system, groups, true), system.b);
}

}  // namespace

GpuErrors gpu_errors() {
  const std::vector<double> ours = ours_by_model();
  ModelRow all;
  for (std::size_t i = 0; i < ours.size(); ++i) add_row(all, meter::h100_runs()[i], ours[i]);
  return {.ours = all.ours.errors(),
          .ecologits = all.ecologits.errors(),
          .ecologits_batch = all.ecologits_batch.errors()};
}

CpuErrors cpu_errors() {
  using Profile = const RaplProfile&;
  return {.codecarbon = of_loads([](Profile machine, double load) {
            return codecarbon_cpu_by_load(Watts(machine.tdp_w), load).value();
          }),
          .codecarbon_constant = of_loads([](Profile machine, double /*load*/) {
            return codecarbon_constant(Watts(machine.tdp_w)).value();
          }),
          .proportional = of_loads([](Profile machine, double load) {
            return codecarbon_cpu_of_process(Watts(machine.tdp_w), load, 1).value();
          }),
          .teads = of_loads([](Profile machine, double load) {
            return teads_power(Watts(machine.tdp_w), load).value();
          }),
          .ours_uncalibrated = of_lines(false),
          .ours_calibrated = of_lines(true)};
}

std::string gpu_validation() {
  const std::vector<double> ours = ours_by_model();
  std::map<std::string, ModelRow> rows;
  ModelRow all;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const PublishedRun& run = meter::h100_runs()[i];
    add_row(rows[str("{}, {}", run.model, run.task)], run, ours[i]);
    add_row(all, run, ours[i]);
  }
  std::string text =
      "| model, task | runs | J per token | frugal, model left out: median error | its bias | "
      "EcoLogits, batch 64 | EcoLogits, batch as run |\n|---|--:|--:|--:|--:|--:|--:|\n";
  for (const auto& [name, row] : rows) text += gpu_line(name, row);
  text += gpu_line("**all**", all);
  const meter::GpuModel& model = meter::h100_model();
  text += "\n| left out | median error | p90 | within a factor 2 |\n|---|--:|--:|--:|\n";
  text += error_line("frugal: the model", model.by_model);
  text += error_line("frugal: all models of its size and shape", model.by_architecture);
  text += error_line("frugal: the task", model.by_task);
  text += error_line("nothing (EcoLogits, batch 64, runs up to 512)", all.ecologits.errors());
  text += error_line("nothing (EcoLogits, batch as run, up to 512)", all.ecologits_batch.errors());
  return text;
}

std::string cpu_validation() {
  const CpuErrors errors = cpu_errors();
  std::string text = "| formula | median error | p90 | within a factor 2 |\n|---|--:|--:|--:|\n";
  text += error_line("CodeCarbon, TDP (0.1 + 0.9 load³)", errors.codecarbon);
  text += error_line("CodeCarbon, TDP / 2", errors.codecarbon_constant);
  text += error_line("TDP × load", errors.proportional);
  text += error_line("Teads", errors.teads);
  text +=
      error_line("frugal, TDP (a + b · load), the processor left out", errors.ours_uncalibrated);
  text += error_line("frugal, idle + busy · load, the point left out", errors.ours_calibrated);
  return text;
}

std::string gpu_prices() {
  std::string text = "| per | price, J | 95 % of the bootstrap |\n|---|--:|--:|\n";
  const meter::GpuModel& model = meter::h100_model();
  for (std::size_t i = 0; i < meter::kGpuTerms; ++i) {
    const Coefficient& price = model.prices[i];
    text += str("| {} | {:.3g} | {:.3g} to {:.3g} |\n", meter::kGpuTermNames[i], price.value,
                price.low95, price.high95);
  }
  return text;
}

std::string prior_prices() {
  constexpr double kPico = 1e12;
  std::string text = "| term | 45 nm, pJ | 7 nm, pJ | ± | source |\n|---|--:|--:|--:|---|\n";
  for (const meter::CircuitPrior& prior : meter::circuit_priors()) {
    text +=
        str("| {} | {:.3g} | {:.3g} | {} | {} |\n", meter::term_name(prior.term),
            kPico * prior.at_45nm, kPico * prior.at_7nm, percent(prior.relative_std), prior.source);
  }
  text += "\n| processors | busy CPU, W | idle, W | source |\n|---|--:|--:|---|\n";
  for (const meter::PowerPrior& prior : meter::power_priors()) {
    text += str("| {} | {:.3g} ± {:.2g} | {:.3g} ± {:.2g} | {} |\n",
                prior.family.empty() ? "all others" : prior.family, prior.busy_w, prior.busy_std,
                prior.idle_w, prior.idle_std, prior.source);
  }
  return text;
}

}  // namespace frugal::carbon::estimators
