#include "frugal/base/nnls.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "frugal/base/error.h"

// The unknowns are split into those in use, which are free, and the rest, which are 0.  In each
// round the one whose increase would lower the error most is taken into use, and the free ones are
// solved for without bounds.  Where that solution leaves the quadrant, we go towards it only as far
// as the first unknown that becomes 0, put that one out of use, and solve again.  Each round lowers
// the error, so no set of unknowns comes twice and the rounds end; the limit on them only guards
// against rounding.  The free problem is solved by modified Gram and Schmidt with the right side as
// one more column (as good as Householder's way: Björck 1967); the length that is left of a column
// when the others are taken out tells whether it depends on them.

namespace frugal {

namespace {

constexpr double kDependent = 1e-10;  // of a column's own length
constexpr double kOptimal = 1e-11;    // cosine between a column and the residual

using Column = std::vector<double>;

double dot(const Column& a, const Column& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void subtract(Column& from, double factor, const Column& column) {
  for (std::size_t i = 0; i < from.size(); ++i) from[i] -= factor * column[i];
}

/// The free problem over the columns `use`; nothing where one of them depends on those before it.
std::optional<std::vector<double>> solve_free(const std::vector<Column>& columns,
                                              const std::vector<std::size_t>& use, Column right) {
  const std::size_t n = use.size();
  std::vector<Column> q;
  std::vector<double> r(n * n);
  std::vector<double> x(n);
  for (std::size_t k = 0; k < n; ++k) {
    Column rest = columns[use[k]];
    for (int pass = 0; pass < 2; ++pass) {  // the second takes out what rounding left
      for (std::size_t i = 0; i < k; ++i) {
        const double part = dot(q[i], rest);
        r[(i * n) + k] += part;
        subtract(rest, part, q[i]);
      }
    }
    const double length = std::sqrt(dot(rest, rest));
    if (length < kDependent) return std::nullopt;
    for (double& value : rest) value /= length;
    r[(k * n) + k] = length;
    x[k] = dot(rest, right);
    subtract(right, x[k], rest);
    q.push_back(std::move(rest));
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) x[k] -= r[(k * n) + j] * x[j];
    x[k] /= r[(k * n) + k];
  }
  return x;
}

class Solver {
 public:
  Solver(std::vector<Column> columns, Column right)
      : columns_(std::move(columns)), right_(std::move(right)), x_(columns_.size(), 0.0) {}

  std::vector<double> solve() {
    const std::size_t most_rounds = 10 * (columns_.size() + 1);
    for (std::size_t round = 0; round < most_rounds && take_one_more(); ++round) continue;
    return x_;
  }

 private:
  [[nodiscard]] Column residual() const {
    Column rest = right_;
    for (const std::size_t j : use_) subtract(rest, x_[j], columns_[j]);
    return rest;
  }

  /// False when no unknown would lower the error.
  bool take_one_more() {
    const Column rest = residual();
    const double least = kOptimal * std::sqrt(dot(right_, right_));
    std::vector<std::pair<double, std::size_t>> gains;
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      const bool used = std::find(use_.begin(), use_.end(), j) != use_.end();
      const double gain = used ? 0.0 : dot(columns_[j], rest);
      if (gain > least) gains.emplace_back(gain, j);
    }
    std::sort(gains.rbegin(), gains.rend());
    for (const auto& [gain, j] : gains) {
      use_.push_back(j);
      const auto free = solve_free(columns_, use_, right_);
      if (free && free->back() > 0.0) {
        move_to(*free);
        return true;
      }
      use_.pop_back();
    }
    return false;
  }

  void move_to(std::vector<double> free) {
    while (std::any_of(free.begin(), free.end(), [](double value) { return value <= 0.0; })) {
      double step = 1.0;
      for (std::size_t k = 0; k < use_.size(); ++k) {
        const double now = x_[use_[k]];
        if (free[k] <= 0.0) step = std::min(step, now / (now - free[k]));
      }
      std::vector<std::size_t> kept;
      for (std::size_t k = 0; k < use_.size(); ++k) {
        double& now = x_[use_[k]];
        const bool leaves = free[k] <= 0.0 && now / (now - free[k]) <= step;
        now = leaves ? 0.0 : now + (step * (free[k] - now));
        if (!leaves) kept.push_back(use_[k]);
      }
      use_ = std::move(kept);
      const auto again = solve_free(columns_, use_, right_);
      if (!again) return;
      free = *again;
    }
    for (std::size_t k = 0; k < use_.size(); ++k) x_[use_[k]] = free[k];
  }

  std::vector<Column> columns_;
  Column right_;
  std::vector<std::size_t> use_;
  std::vector<double> x_;
};

}  // namespace

void LinearSystem::add(std::span<const double> row, double right) {
  FRUGAL_CHECK(row.size() == columns);
  a.insert(a.end(), row.begin(), row.end());
  b.push_back(right);
}

double LinearSystem::predict(std::size_t i, std::span<const double> x) const {
  double sum = 0.0;
  for (std::size_t j = 0; j < columns; ++j) sum += row(i)[j] * x[j];
  return sum;
}

std::vector<double> non_negative_least_squares(const LinearSystem& system) {
  FRUGAL_CHECK(system.a.size() == system.rows() * system.columns);
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(system.a.begin(), system.a.end(), finite) ||
      !std::all_of(system.b.begin(), system.b.end(), finite)) {
    throw Error(ErrorKind::kInvalidArgument,
                "least squares: a number that is not finite, expected finite ones");
  }
  std::vector<Column> columns(system.columns, Column(system.rows()));
  std::vector<double> lengths(system.columns, 1.0);
  for (std::size_t j = 0; j < system.columns; ++j) {
    double largest = 0.0;
    for (std::size_t i = 0; i < system.rows(); ++i) {
      columns[j][i] = system.row(i)[j];
      largest = std::max(largest, std::abs(columns[j][i]));
    }
    if (largest == 0.0) continue;
    for (double& value : columns[j]) value /= largest;  // no overflow in the squares
    const double length = std::sqrt(dot(columns[j], columns[j]));
    for (double& value : columns[j]) value /= length;
    lengths[j] = largest * length;
  }
  std::vector<double> x = Solver(std::move(columns), system.b).solve();
  for (std::size_t j = 0; j < x.size(); ++j) x[j] /= lengths[j];
  return x;
}

}  // namespace frugal
