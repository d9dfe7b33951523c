#include "frugal/meter/energy_model.h"

#include <cmath>

#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr std::size_t kFirstOp = 2;  // after idle and cpu
constexpr std::size_t kFirstTraffic = kFirstOp + kOpKinds;
static_assert(kFirstOp == static_cast<std::size_t>(Term::kInt8));
static_assert(kFirstTraffic == static_cast<std::size_t>(Term::kDram));

// The order of Term; the enumerators of Op and Traffic stand in another.
constexpr std::array<Op, kOpKinds> kOps = {Op::kInt8, Op::kFloat, Op::kSpecial};
constexpr std::array<Traffic, kTrafficKinds> kTraffics = {
    Traffic::kDram, Traffic::kCache, Traffic::kDevice, Traffic::kNetwork, Traffic::kStorage};

}  // namespace

std::string_view term_name(Term term) {
  const auto index = static_cast<std::size_t>(term);
  if (term == Term::kIdle) return "idle";
  if (term == Term::kCpu) return "cpu";
  return index < kFirstTraffic ? op_name(kOps[index - kFirstOp])
                               : traffic_name(kTraffics[index - kFirstTraffic]);
}

std::optional<Term> term_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kTerms; ++i) {
    if (term_name(static_cast<Term>(i)) == name) return static_cast<Term>(i);
  }
  return std::nullopt;
}

std::string_view term_unit(Term term) {
  return static_cast<std::size_t>(term) < kFirstOp ? "W" : "J";
}

Amounts amounts_of(const Activity& activity) {
  Amounts amounts{};
  amounts[static_cast<std::size_t>(Term::kIdle)] = activity.time.value();
  amounts[static_cast<std::size_t>(Term::kCpu)] = activity.cpu.value();
  for (std::size_t i = 0; i < kOpKinds; ++i) {
    amounts[kFirstOp + i] = static_cast<double>(activity.cost.op(kOps[i]));
  }
  for (std::size_t i = 0; i < kTrafficKinds; ++i) {
    amounts[kFirstTraffic + i] = static_cast<double>(activity.cost.traffic(kTraffics[i]));
  }
  return amounts;
}

Reading price_of(const Activity& activity, const EnergyModel& model) {
  Reading reading{.domain = "work",
                  .boundary = Boundary::kDevice,
                  .quality = Quality::kUnavailable,
                  .energy = Joules(0.0),
                  .uncertainty = Joules(0.0),
                  .time = activity.time,
                  .note = {}};
  const Amounts amounts = amounts_of(activity);
  double energy_j = 0.0;
  double variance = 0.0;
  for (std::size_t i = 0; i < kTerms; ++i) {
    if (amounts[i] == 0.0) continue;
    const std::optional<Price>& price = model.prices[i];
    if (!price) {
      reading.note =
          str("no price of '{}' in the model of {}", term_name(static_cast<Term>(i)), model.name);
      return reading;
    }
    energy_j += price->value * amounts[i];
    variance += std::pow(price->std * amounts[i], 2.0);
  }
  reading.quality = Quality::kModelled;
  reading.energy = Joules(energy_j);
  reading.uncertainty = Joules(std::sqrt(variance + std::pow(model.relative_std * energy_j, 2.0)));
  return reading;
}

}  // namespace frugal::meter
