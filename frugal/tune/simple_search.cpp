#include "frugal/tune/simple_search.h"

#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::tune {
namespace {

constexpr std::uint64_t kMaxPoints = std::uint64_t{1} << 53U;

std::vector<double> values_of(const Parameter& parameter, std::uint32_t steps) {
  const bool whole = parameter.kind == ParameterKind::kInteger;
  const bool category = parameter.kind == ParameterKind::kCategory;
  const double span = parameter.high - parameter.low;
  std::uint64_t count = steps;
  if (category || (whole && span < static_cast<double>(steps))) {
    count = static_cast<std::uint64_t>(span) + 1;
  } else if (span == 0.0) {
    count = 1;
  }
  const double low = parameter.to_line(parameter.low);
  const double high = parameter.to_line(parameter.high);
  std::vector<double> values;
  for (std::uint64_t i = 0; i < count; ++i) {
    // A single step is in the middle.
    const double share = count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(count - 1);
    values.push_back(parameter.from_line(low + ((high - low) * share)));
  }
  if (count > 1) {  // exactly, which the way over a logarithm is not
    values.front() = parameter.low;
    values.back() = parameter.high;
  }
  return values;
}

}  // namespace

GridSearcher::GridSearcher(Space given, std::uint32_t steps, std::size_t objectives)
    : Searcher(std::move(given), 0, objectives) {
  if (steps == 0) throw Error(ErrorKind::kInvalidArgument, "grid: 0 steps, expected some");
  for (const Parameter& parameter : space().parameters()) {
    values_.push_back(values_of(parameter, steps));
    if (count_ > kMaxPoints / values_.back().size()) {
      throw Error(ErrorKind::kInvalidArgument, str("grid: more than {} points", kMaxPoints));
    }
    count_ *= values_.back().size();
  }
}

std::optional<Point> GridSearcher::propose() {
  std::uint64_t number = trials().size();
  if (number >= count_) return std::nullopt;
  Point point(values_.size());
  for (std::size_t i = values_.size(); i-- > 0;) {
    point[i] = values_[i][number % values_[i].size()];
    number /= values_[i].size();
  }
  return point;
}

RandomSearcher::RandomSearcher(Space given, std::uint64_t seed, std::size_t objectives)
    : Searcher(std::move(given), seed, objectives) {}

std::optional<Point> RandomSearcher::propose() {
  Random source = random();
  return space().sample(source);
}

}  // namespace frugal::tune
