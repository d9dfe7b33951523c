#include "frugal/agent/arithmetic.h"

#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

// Recursive descent: sum = product {+- product}, product = factor {*/ factor},
// factor = -factor | number | ( sum ).  The limit on the length bounds the depth.

namespace frugal::agent {

namespace {

constexpr std::size_t kMostCharacters = 200;

class Calculator {
 public:
  explicit Calculator(std::string_view text) : whole_(text), rest_(text) {}

  double run() {
    const double value = sum();
    if (peek() != 0) fail("expected + - * / or the end");
    if (!std::isfinite(value)) fail("the value is not finite");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorKind::kInvalidArgument,
                str("expression {}: {}", printable(whole_, kMostCharacters), what));
  }

  char peek() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  double sum() {
    double value = product();
    while (true) {
      if (take('+')) {
        value += product();
      } else if (take('-')) {
        value -= product();
      } else {
        return value;
      }
    }
  }

  double product() {
    double value = factor();
    while (true) {
      if (take('*')) {
        value *= factor();
      } else if (take('/')) {
        const double divisor = factor();
        if (divisor == 0.0) fail("division by zero");
        value /= divisor;
      } else {
        return value;
      }
    }
  }

  double factor() {
    if (take('-')) return -factor();
    if (take('(')) {
      const double value = sum();
      if (!take(')')) fail("expected )");
      return value;
    }
    (void)peek();
    const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("0123456789."));
    const auto value = parse_double(digits);
    if (!value) fail("expected a number");
    rest_.remove_prefix(digits.size());
    return *value;
  }

  std::string_view whole_;
  std::string_view rest_;
};

}  // namespace

double evaluate(std::string_view expression) {
  if (expression.size() > kMostCharacters) {
    throw Error(ErrorKind::kInvalidArgument, str("expression of {} characters: expected at most {}",
                                                 expression.size(), kMostCharacters));
  }
  return Calculator(expression).run();
}

Json tidy(double value) {
  constexpr double kExact = 0x1p53;
  constexpr double kCents = 100.0;
  if (!std::isfinite(value) || std::abs(value) >= kExact / kCents) return value;
  const double rounded = std::round(value * kCents) / kCents;
  if (rounded == std::trunc(rounded)) return static_cast<std::int64_t>(rounded);
  return rounded;
}

}  // namespace frugal::agent
