#include "frugal/tune/space.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::tune {
namespace {

constexpr std::int64_t kMaxInteger = std::int64_t{1} << 53;  // doubles hold them exactly

bool is_whole(ParameterKind kind) {
  return kind == ParameterKind::kInteger || kind == ParameterKind::kCategory;
}

[[noreturn]] void refuse(const Parameter& parameter, const std::string& what) {
  throw Error(ErrorKind::kInvalidArgument,
              str("search space: parameter '{}': {}", printable(parameter.name), what));
}

}  // namespace

double Parameter::line_low() const {
  if (kind == ParameterKind::kLogFloat) return std::log(low);
  return is_whole(kind) ? low - 0.5 : low;
}

double Parameter::line_high() const {
  if (kind == ParameterKind::kLogFloat) return std::log(high);
  return is_whole(kind) ? high + 0.5 : high;
}

double Parameter::to_line(double value) const {
  return kind == ParameterKind::kLogFloat ? std::log(value) : value;
}

double Parameter::from_line(double place) const {
  double value = kind == ParameterKind::kLogFloat ? std::exp(place) : place;
  if (is_whole(kind)) value = std::round(value);
  return std::clamp(value, low, high);
}

double Parameter::sample(Random& random) const {
  if (is_whole(kind)) {
    const auto count = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<double>(random.below(count));
  }
  return from_line(line_low() + ((line_high() - line_low()) * random.uniform()));
}

Space& Space::add(Parameter parameter) {
  if (parameter.name.empty() || find(parameter.name)) {
    refuse(parameter, "expected a name that no other has");
  }
  if (!std::isfinite(parameter.low) || !std::isfinite(parameter.high) ||
      !(parameter.low <= parameter.high) || !std::isfinite(parameter.high - parameter.low)) {
    refuse(parameter, str("{} to {}, expected a range", parameter.low, parameter.high));
  }
  if (parameter.kind == ParameterKind::kLogFloat && parameter.low <= 0.0) {
    refuse(parameter, str("from {}, expected more than 0 for a logarithm", parameter.low));
  }
  parameters_.push_back(std::move(parameter));
  return *this;
}

Space& Space::add_float(std::string name, double low, double high) {
  return add({std::move(name), ParameterKind::kFloat, low, high, {}});
}

Space& Space::add_log_float(std::string name, double low, double high) {
  return add({std::move(name), ParameterKind::kLogFloat, low, high, {}});
}

Space& Space::add_integer(std::string name, std::int64_t low, std::int64_t high) {
  Parameter parameter = {std::move(name),
                         ParameterKind::kInteger,
                         static_cast<double>(low),
                         static_cast<double>(high),
                         {}};
  if (low < -kMaxInteger || high > kMaxInteger) refuse(parameter, "expected at most 2^53");
  return add(std::move(parameter));
}

Space& Space::add_category(std::string name, std::vector<std::string> choices) {
  const double last = static_cast<double>(choices.size()) - 1.0;
  return add({std::move(name), ParameterKind::kCategory, 0.0, last, std::move(choices)});
}

std::optional<std::size_t> Space::find(std::string_view name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [&](const Parameter& p) { return p.name == name; });
  if (found == parameters_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - parameters_.begin());
}

bool Space::contains(const Point& point) const {
  if (point.size() != parameters_.size()) return false;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (!(point[i] >= parameter.low && point[i] <= parameter.high)) return false;
    if (is_whole(parameter.kind) && std::floor(point[i]) != point[i]) return false;
  }
  return true;
}

Point Space::sample(Random& random) const {
  Point point;
  for (const Parameter& parameter : parameters_) point.push_back(parameter.sample(random));
  return point;
}

}  // namespace frugal::tune
