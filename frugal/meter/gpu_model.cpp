#include "frugal/meter/gpu_model.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "frugal/base/str.h"
#include "frugal/meter/published_runs.h"

namespace frugal::meter {

namespace {

constexpr double kBillion = 1e9;

/// Numbers groups as their names come.
std::vector<std::size_t> groups_by(const std::function<std::string(const PublishedRun&)>& name) {
  std::map<std::string, std::size_t> known;
  std::vector<std::size_t> groups;
  for (const PublishedRun& run : h100_runs()) {
    groups.push_back(known.try_emplace(name(run), known.size()).first->second);
  }
  return groups;
}

GpuModel fit() {
  LinearSystem system{.columns = kGpuTerms};
  for (const PublishedRun& run : h100_runs()) {
    system.add(gpu_amounts(run.run), run.joules_per_token);
  }
  const auto held_out = [&](const std::vector<std::size_t>& groups) {
    return hold_out(leave_group_out(system, groups, true), system.b);
  };
  const auto by_model = groups_by([](const PublishedRun& run) { return run.model; });
  constexpr double kP90 = 1.645;  // deviations of a normal error, both sides
  GpuModel model;
  const auto prices = fit_with_intervals(system, by_model, {.replicates = 200});
  std::copy(prices.begin(), prices.end(), model.prices.begin());
  model.by_model = held_out(by_model);
  model.by_architecture = held_out(groups_by([](const PublishedRun& run) {
    return str("{} of {}", run.run.active_billions, run.run.total_billions);
  }));
  model.by_task = held_out(groups_by([](const PublishedRun& run) { return run.task; }));
  model.relative_std = model.by_model.p90 / kP90;
  return model;
}

}  // namespace

std::array<double, kGpuTerms> gpu_amounts(const GpuRun& run) {
  const double active = kBillion * run.active_billions;
  const double all = kBillion * run.total_billions;
  const double untouched = active < all ? std::pow(1.0 - (active / all), run.batch) : 0.0;
  return {all * (1.0 - untouched) * run.bytes_per_weight / run.batch, 2.0 * active,
          run.gpus / run.batch, run.gpus, run.output_tokens * std::sqrt(active)};
}

Joules GpuModel::joules_per_token(const GpuRun& run) const {
  const auto amounts = gpu_amounts(run);
  double sum = 0.0;
  for (std::size_t i = 0; i < kGpuTerms; ++i) sum += prices[i].value * amounts[i];
  return Joules(sum);
}

const GpuModel& h100_model() {
  static const GpuModel kModel = fit();
  return kModel;
}

}  // namespace frugal::meter
