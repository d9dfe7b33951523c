#include "frugal/tune/searcher.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::tune {
namespace {

constexpr std::array<std::string_view, 4> kStateNames = {"pending", "complete", "pruned", "failed"};

[[noreturn]] void corrupt(const std::string& what) {
  throw Error(ErrorKind::kCorrupt, "state of a search: " + what);
}

const Json& member(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  if (!json.is_object() || found == json.end()) corrupt(str("no '{}'", key));
  return *found;
}

std::vector<double> numbers_of(const Json& json, const char* key) {
  const Json& array = member(json, key);
  std::vector<double> out;
  if (!array.is_array()) corrupt(str("'{}' is no array", key));
  for (const Json& item : array) {
    if (!item.is_number()) corrupt(str("'{}' holds what is no number", key));
    out.push_back(item.get<double>());
  }
  return out;
}

// Why an outcome cannot be; empty when it can.
std::string fault_of(const Outcome& outcome, std::size_t objectives) {
  const bool complete = outcome.state == TrialState::kComplete;
  if (complete && outcome.objectives.size() != objectives) {
    return str("{} objectives, expected {}", outcome.objectives.size(), objectives);
  }
  const bool finite = std::all_of(outcome.objectives.begin(), outcome.objectives.end(),
                                  [](double value) { return std::isfinite(value); });
  if (!finite || !(outcome.violation >= 0.0) || !std::isfinite(outcome.violation)) {
    return "expected finite objectives and a violation of 0 or more";
  }
  return "";
}

}  // namespace

Searcher::Searcher(Space space, std::uint64_t seed, std::size_t objectives)
    : space_(std::move(space)), seed_(seed), objectives_(objectives) {
  if (space_.size() == 0 || objectives == 0) {
    throw Error(ErrorKind::kInvalidArgument, "search: expected parameters and objectives");
  }
}

std::optional<Trial> Searcher::ask() {
  std::optional<Point> point = propose();
  if (!point) return std::nullopt;
  FRUGAL_CHECK(space_.contains(*point));
  Trial trial;
  trial.number = trials_.size();
  trial.point = *std::move(point);
  trials_.push_back(trial);
  return trial;
}

void Searcher::tell(std::uint64_t number, const Outcome& outcome) {
  const bool pending =
      number < trials_.size() && trials_[number].outcome.state == TrialState::kPending;
  const std::string fault = fault_of(outcome, objectives_);
  if (!pending || outcome.state == TrialState::kPending || !fault.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("search: trial {}: {}", number, fault.empty() ? "is not pending" : fault));
  }
  trials_[number].outcome = outcome;
}

void Searcher::tell(std::uint64_t number, double objective) {
  tell(number,
       Outcome{.state = TrialState::kComplete, .objectives = {objective}, .violation = 0.0});
}

std::optional<Trial> Searcher::best() const {
  std::optional<Trial> best;
  for (const Trial& trial : trials_) {
    const Outcome& outcome = trial.outcome;
    if (outcome.state != TrialState::kComplete || outcome.violation > 0.0) continue;
    if (!best || outcome.objectives[0] < best->outcome.objectives[0]) best = trial;
  }
  return best;
}

void Searcher::set_memory(const std::vector<std::uint64_t>& numbers) {
  if (!numbers.empty()) corrupt("a memory, expected none for this search");
}

std::string Searcher::state() const {
  Json json;
  json["version"] = 1;
  json["memory"] = memory();
  json["trials"] = Json::array();
  for (const Trial& trial : trials_) {
    Json entry;
    entry["point"] = trial.point;
    entry["state"] = kStateNames[static_cast<std::size_t>(trial.outcome.state)];
    entry["objectives"] = trial.outcome.objectives;
    entry["violation"] = trial.outcome.violation;
    json["trials"].push_back(std::move(entry));
  }
  return to_line(json);
}

Trial Searcher::read_trial(const Json& json, std::uint64_t number) const {
  Trial trial;
  trial.number = number;
  trial.point = numbers_of(json, "point");
  if (!space_.contains(trial.point)) corrupt(str("trial {} is not in the space", number));
  const Json& state = member(json, "state");
  const auto name = std::find(kStateNames.begin(), kStateNames.end(),
                              state.is_string() ? state.get<std::string>() : std::string());
  if (name == kStateNames.end()) corrupt(str("trial {} has an unknown state", number));
  trial.outcome.state = static_cast<TrialState>(name - kStateNames.begin());
  trial.outcome.objectives = numbers_of(json, "objectives");
  const Json& violation = member(json, "violation");
  if (!violation.is_number()) corrupt(str("trial {} has no violation", number));
  trial.outcome.violation = violation.get<double>();
  const std::string fault = fault_of(trial.outcome, objectives_);
  if (!fault.empty()) corrupt(str("trial {}: {}", number, fault));
  return trial;
}

void Searcher::restore(std::string_view state) {
  const Json json = parse_json(state, "state of a search");
  const Json& version = member(json, "version");
  if (version != 1) corrupt(str("version {}, expected 1", printable(to_line(version))));
  const Json& list = member(json, "trials");
  if (!list.is_array()) corrupt("'trials' is no array");
  std::vector<Trial> trials;
  for (const Json& entry : list) trials.push_back(read_trial(entry, trials.size()));
  std::vector<std::uint64_t> numbers;
  for (const double number : numbers_of(json, "memory")) {
    if (!(number >= 0.0 && number < 0x1p53) || std::floor(number) != number) {
      corrupt("a memory of what is no whole number");
    }
    numbers.push_back(static_cast<std::uint64_t>(number));
  }
  std::swap(trials_, trials);
  try {
    set_memory(numbers);
  } catch (const Error&) {
    std::swap(trials_, trials);
    throw;
  }
}

}  // namespace frugal::tune
