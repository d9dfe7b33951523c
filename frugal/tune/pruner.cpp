#include "frugal/tune/pruner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/statistics.h"
#include "frugal/base/str.h"

namespace frugal::tune {
namespace {

constexpr double kWorst = std::numeric_limits<double>::max();
constexpr double kNotThere = std::numeric_limits<double>::infinity();

[[noreturn]] void corrupt() {
  throw Error(ErrorKind::kCorrupt,
              "state of a pruner: expected {\"version\":1,\"curves\":[[trial,[cost,best,…]],…]}");
}

std::vector<double> numbers_of(const Json& array) {
  std::vector<double> out;
  if (!array.is_array() || array.size() % 2 != 0) corrupt();
  for (const Json& item : array) {
    if (!item.is_number()) corrupt();
    out.push_back(item.get<double>());
  }
  return out;
}

}  // namespace

bool Pruner::observe(std::uint64_t trial, double cost, double value) {
  Curve& curve = curves_[trial];
  const double before = curve.empty() ? 0.0 : curve.back().cost;
  if (!std::isfinite(cost) || cost < before) {
    throw Error(ErrorKind::kInvalidArgument,
                str("pruner: trial {} has spent {}, expected {} or more", trial, cost, before));
  }
  const double held = std::isnan(value) ? kWorst : std::clamp(value, -kWorst, kWorst);
  curve.push_back({cost, curve.empty() ? held : std::min(held, curve.back().best)});
  return stops(trial);
}

double Pruner::best_at(const Curve& curve, double cost) {
  const auto after = std::upper_bound(curve.begin(), curve.end(), cost,
                                      [](double c, const Mark& mark) { return c < mark.cost; });
  return after == curve.begin() ? kNotThere : std::prev(after)->best;
}

std::string Pruner::state() const {
  Json json;
  json["version"] = 1;
  json["curves"] = Json::array();
  for (const auto& [trial, curve] : curves_) {
    Json numbers = Json::array();
    for (const Mark& mark : curve) {
      numbers.push_back(mark.cost);
      numbers.push_back(mark.best);
    }
    json["curves"].push_back(Json::array({trial, std::move(numbers)}));
  }
  return to_line(json);
}

void Pruner::restore(std::string_view state) {
  const Json json = parse_json(state, "state of a pruner");
  if (!json.is_object() || json.value("version", Json()) != 1) corrupt();
  const auto list = json.find("curves");
  if (list == json.end() || !list->is_array()) corrupt();
  std::map<std::uint64_t, Curve> curves;
  for (const Json& entry : *list) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_number_unsigned()) corrupt();
    Curve& curve = curves[entry[0].get<std::uint64_t>()];
    const std::vector<double> numbers = numbers_of(entry[1]);
    for (std::size_t i = 0; i < numbers.size(); i += 2) {
      const double before = curve.empty() ? 0.0 : curve.back().cost;
      if (!(numbers[i] >= before) || !std::isfinite(numbers[i])) corrupt();
      curve.push_back({numbers[i], numbers[i + 1]});
    }
  }
  curves_ = std::move(curves);
}

bool MedianPruner::stops(std::uint64_t trial) const {
  const Mark& mine = curves().at(trial).back();
  if (mine.cost < options_.warmup_cost) return false;
  std::vector<double> others;
  for (const auto& [number, curve] : curves()) {
    const bool came_as_far = !curve.empty() && curve.back().cost >= mine.cost;
    const double best = best_at(curve, mine.cost);
    if (number != trial && came_as_far && best != kNotThere) others.push_back(best);
  }
  if (others.empty() || others.size() < options_.startup) return false;
  return mine.best > quantile(others, 0.5);
}

HalvingPruner::HalvingPruner(const HalvingOptions& options) : options_(options) {
  if (!(options.first_cost > 0.0) || !(options.factor > 1.0) || !std::isfinite(options.factor)) {
    throw Error(ErrorKind::kInvalidArgument,
                "halving: expected a first cost above 0 and a factor above 1");
  }
}

// A trial stands on a rung with the best value it had when it first reached it.  Others on the same
// rung may have come later; what was decided about them then is not taken back.
bool HalvingPruner::stops(std::uint64_t trial) const {
  const Curve& mine = curves().at(trial);
  const double before = mine.size() < 2 ? -1.0 : mine[mine.size() - 2].cost;
  double rung = options_.first_cost;
  while (rung * options_.factor <= mine.back().cost) rung *= options_.factor;
  if (mine.back().cost < rung || before >= rung) return false;  // no new rung
  std::size_t there = 0;
  std::size_t better = 0;
  for (const auto& [number, curve] : curves()) {
    const auto first = std::find_if(curve.begin(), curve.end(),
                                    [&](const Mark& mark) { return mark.cost >= rung; });
    if (first == curve.end()) continue;
    ++there;
    if (number != trial && first->best < mine.back().best) ++better;
  }
  const double share = std::floor(static_cast<double>(there) / options_.factor);
  return static_cast<double>(better) >= std::max(1.0, share);
}

}  // namespace frugal::tune
