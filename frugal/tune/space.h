#pragma once

/// What a search may choose: parameters with names and ranges.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/random.h"

namespace frugal::tune {

enum class ParameterKind {
  kFloat,
  kLogFloat,  ///< as many tries between 0.001 and 0.01 as between 0.01 and 0.1
  kInteger,
  kCategory,  ///< names without an order; its values are their places, from 0
};

struct Parameter {
  std::string name;
  ParameterKind kind = ParameterKind::kFloat;
  double low = 0.0;
  double high = 1.0;  ///< included
  std::vector<std::string> choices;

  /// The parameter on a line on which equal lengths are equally likely: the logarithm of a
  /// kLogFloat, otherwise the value; an integer i covers [i - 1/2, i + 1/2].
  [[nodiscard]] double line_low() const;
  [[nodiscard]] double line_high() const;
  [[nodiscard]] double to_line(double value) const;
  /// The nearest value that the parameter may have.
  [[nodiscard]] double from_line(double place) const;
  /// Every value is equally likely on the line.
  [[nodiscard]] double sample(Random& random) const;
};

/// One value per parameter, in their order; integers and places of choices are whole numbers.
using Point = std::vector<double>;

/// Errors:  kInvalidArgument for a name given twice or empty, an empty range, numbers that are not
///          finite, a logarithm of what is not positive, integers beyond 2^53 and no choices.
/// Threads: const after the last `add`; safe from all.
class Space {
 public:
  Space& add_float(std::string name, double low, double high);
  Space& add_log_float(std::string name, double low, double high);
  Space& add_integer(std::string name, std::int64_t low, std::int64_t high);
  Space& add_category(std::string name, std::vector<std::string> choices);

  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] std::size_t size() const { return parameters_.size(); }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] bool contains(const Point& point) const;
  [[nodiscard]] Point sample(Random& random) const;

 private:
  Space& add(Parameter parameter);

  std::vector<Parameter> parameters_;
};

}  // namespace frugal::tune
