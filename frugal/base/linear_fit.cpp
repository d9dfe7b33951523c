#include "frugal/base/linear_fit.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/base/statistics.h"
#include "frugal/base/str.h"

namespace frugal {

namespace {

constexpr double kLowTail = 0.025;
constexpr double kHighTail = 0.975;

/// Row i of the weighted system.
void add_weighted(LinearSystem& to, const LinearSystem& from, std::size_t i, bool relative) {
  const double weight = relative ? 1.0 / from.b[i] : 1.0;
  std::vector<double> row(from.row(i).begin(), from.row(i).end());
  for (double& value : row) value *= weight;
  to.add(row, weight * from.b[i]);
}

void check_weights(const LinearSystem& system, bool relative) {
  if (!relative) return;
  for (const double right : system.b) {
    if (right > 0.0) continue;  // not for NaN
    throw Error(ErrorKind::kInvalidArgument,
                str("fit: a value of {} to be met relatively, expected values above 0", right));
  }
}

std::map<std::size_t, std::vector<std::size_t>> rows_by_group(Groups groups) {
  std::map<std::size_t, std::vector<std::size_t>> rows;
  for (std::size_t i = 0; i < groups.size(); ++i) rows[groups[i]].push_back(i);
  return rows;
}

}  // namespace

std::vector<double> fit_values(const LinearSystem& system, bool relative) {
  check_weights(system, relative);
  LinearSystem weighted{.columns = system.columns};
  for (std::size_t i = 0; i < system.rows(); ++i) add_weighted(weighted, system, i, relative);
  return non_negative_least_squares(weighted);
}

std::vector<Coefficient> fit_with_intervals(const LinearSystem& system, Groups groups,
                                            const FitOptions& options) {
  FRUGAL_CHECK(groups.size() == system.rows());
  const std::vector<double> values = fit_values(system, options.relative);
  const auto rows = rows_by_group(groups);
  std::vector<std::vector<double>> drawn(system.columns);
  Random random(options.seed);
  for (std::size_t replicate = 0; replicate < options.replicates; ++replicate) {
    LinearSystem sample{.columns = system.columns};
    for (const auto& [group, members] : rows) {
      for (std::size_t k = 0; k < members.size(); ++k) {
        add_weighted(sample, system, random.pick(members), options.relative);
      }
    }
    const std::vector<double> x = non_negative_least_squares(sample);
    for (std::size_t j = 0; j < x.size(); ++j) drawn[j].push_back(x[j]);
  }
  std::vector<Coefficient> out(system.columns);
  for (std::size_t j = 0; j < out.size(); ++j) {
    out[j].value = out[j].low95 = out[j].high95 = values[j];
    if (drawn[j].empty()) continue;
    out[j].std = summarise(drawn[j]).std_dev;
    out[j].low95 = quantile(drawn[j], kLowTail);
    out[j].high95 = quantile(drawn[j], kHighTail);
  }
  return out;
}

std::vector<double> leave_group_out(const LinearSystem& system, Groups groups, bool relative) {
  FRUGAL_CHECK(groups.size() == system.rows());
  check_weights(system, relative);
  std::vector<double> predicted(system.rows());
  for (const auto& [group, members] : rows_by_group(groups)) {
    LinearSystem others{.columns = system.columns};
    for (std::size_t i = 0; i < system.rows(); ++i) {
      if (groups[i] != group) add_weighted(others, system, i, relative);
    }
    const std::vector<double> x = non_negative_least_squares(others);
    for (const std::size_t i : members) predicted[i] = system.predict(i, x);
  }
  return predicted;
}

HoldOut hold_out(std::span<const double> predicted, std::span<const double> truth) {
  FRUGAL_CHECK(predicted.size() == truth.size());
  constexpr double kTwo = 2.0;
  constexpr double kMost = 0.9;
  std::vector<double> errors;
  std::size_t within = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (!(truth[i] > 0.0)) continue;
    const double ratio = predicted[i] / truth[i];
    errors.push_back(std::abs(ratio - 1.0));
    if (ratio >= 1.0 / kTwo && ratio <= kTwo) ++within;
  }
  HoldOut out{.count = errors.size()};
  if (errors.empty()) return out;
  out.median = quantile(errors, 0.5);
  out.p90 = quantile(errors, kMost);
  out.within_factor_two = static_cast<double>(within) / static_cast<double>(errors.size());
  return out;
}

}  // namespace frugal
