#include "frugal/base/nnls.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "frugal/base/error.h"
#include "frugal/base/random.h"

namespace frugal {
namespace {

LinearSystem system_of(std::size_t columns, const std::vector<std::vector<double>>& rows,
                       const std::vector<double>& right) {
  LinearSystem system{.columns = columns};
  for (std::size_t i = 0; i < rows.size(); ++i) system.add(rows[i], right[i]);
  return system;
}

double squares(const LinearSystem& system, const std::vector<double>& x) {
  double sum = 0.0;
  for (std::size_t i = 0; i < system.rows(); ++i) {
    sum += std::pow(system.predict(i, x) - system.b[i], 2.0);
  }
  return sum;
}

// x >= 0, gradient >= 0, and one of them 0 in each place: necessary and, the problem being convex,
// enough for the least.
void expect_least(const LinearSystem& system, const std::vector<double>& x) {
  for (std::size_t j = 0; j < system.columns; ++j) {
    double gradient = 0.0;
    double length = 0.0;
    double right = 0.0;
    for (std::size_t i = 0; i < system.rows(); ++i) {
      gradient += system.row(i)[j] * (system.predict(i, x) - system.b[i]);
      length += std::pow(system.row(i)[j], 2.0);
      right += std::pow(system.b[i], 2.0);
    }
    const double tiny = 1e-8 * std::sqrt(length * right) + 1e-300;
    EXPECT_GE(x[j], 0.0);
    EXPECT_GE(gradient, -tiny) << j;
    if (x[j] > 0.0) {
      EXPECT_LE(gradient, tiny) << j;
    }
  }
}

TEST(Nnls, SolvesExactlyWhatHasAPositiveSolution) {
  const auto x = non_negative_least_squares(
      system_of(2, {{1.0, 0.0}, {1.0, 1.0}, {1.0, 2.0}}, {1.0, 3.0, 5.0}));
  EXPECT_NEAR(x[0], 1.0, 1e-12);
  EXPECT_NEAR(x[1], 2.0, 1e-12);
}

TEST(Nnls, GivesZeroWhereTheFreeSolutionIsNegative) {
  // Free: x = (-1/3, 2/3 ...): a falling line through the origin is best left at 0.
  const auto line = system_of(1, {{1.0}, {2.0}}, {-1.0, -2.0});
  EXPECT_EQ(non_negative_least_squares(line), std::vector<double>{0.0});
  // b = 2 a1 - a2: the best x along a1 alone is a1·b / a1·a1.
  const auto mixed = system_of(2, {{1.0, 1.0}, {1.0, 0.0}, {0.0, 1.0}}, {1.0, 2.0, -1.0});
  const auto x = non_negative_least_squares(mixed);
  EXPECT_NEAR(x[0], 1.5, 1e-12);
  EXPECT_EQ(x[1], 0.0);
}

// SciPy's documentation of `nnls`: these two systems and their answers.
TEST(Nnls, AgreesWithPublishedAnswers) {
  const std::vector<std::vector<double>> rows = {{1.0, 0.0}, {1.0, 0.0}, {0.0, 1.0}};
  const auto x = non_negative_least_squares(system_of(2, rows, {2.0, 1.0, 1.0}));
  EXPECT_NEAR(x[0], 1.5, 1e-12);
  EXPECT_NEAR(x[1], 1.0, 1e-12);
  const auto none = non_negative_least_squares(system_of(2, rows, {-1.0, -1.0, -1.0}));
  EXPECT_EQ(none, std::vector<double>(2, 0.0));
}

TEST(Nnls, LeavesOneOfTwoEqualColumnsAtZero) {
  const auto twice =
      system_of(3, {{1.0, 2.0, 0.0}, {2.0, 4.0, 1.0}, {3.0, 6.0, 0.0}}, {1.0, 3.0, 3.0});
  const auto x = non_negative_least_squares(twice);
  EXPECT_TRUE(x[0] == 0.0 || x[1] == 0.0);
  EXPECT_NEAR(x[0] + 2.0 * x[1], 1.0, 1e-12);
  EXPECT_NEAR(x[2], 1.0, 1e-12);
}

TEST(Nnls, TakesColumnsOfZerosFewRowsAndNoRows) {
  EXPECT_EQ(non_negative_least_squares(system_of(2, {{0.0, 0.0}}, {1.0})),
            std::vector<double>(2, 0.0));
  const auto wide = system_of(3, {{1.0, 1.0, 1.0}}, {6.0});
  const auto x = non_negative_least_squares(wide);
  EXPECT_NEAR(wide.predict(0, x), 6.0, 1e-12);
  EXPECT_EQ(non_negative_least_squares(LinearSystem{.columns = 2}), std::vector<double>(2, 0.0));
  EXPECT_TRUE(non_negative_least_squares(LinearSystem{}).empty());
}

TEST(Nnls, IsLeastOnRandomSystemsOfEveryShape) {
  Random random(7);
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t columns = 1 + random.below(7);
    LinearSystem system{.columns = columns};
    const std::size_t rows = 1 + random.below(15);
    std::vector<double> scale(columns);
    for (double& value : scale) value = std::pow(10.0, 12.0 * random.uniform() - 12.0);
    for (std::size_t i = 0; i < rows; ++i) {
      std::vector<double> row(columns);
      for (std::size_t j = 0; j < columns; ++j) row[j] = random.normal() / scale[j];
      if (columns > 2) row[2] = row[0] * scale[0] + row[1] * scale[1];  // a mixture
      system.add(row, random.normal());
    }
    const auto x = non_negative_least_squares(system);
    expect_least(system, x);
    EXPECT_LE(squares(system, x), squares(system, std::vector<double>(columns, 0.0)) + 1e-9);
  }
}

TEST(Nnls, FindsJoulesPerSecondAndPerByteSideBySide) {
  Random random(3);
  const std::vector<double> truth = {15.0, 4.0e-11, 0.0, 2.0e-12};
  LinearSystem system{.columns = 4};
  for (int i = 0; i < 40; ++i) {
    const std::vector<double> row = {random.uniform(), 1e10 * random.uniform(),
                                     1e11 * random.uniform(), 1e12 * random.uniform()};
    double right = 0.0;
    for (std::size_t j = 0; j < 4; ++j) right += truth[j] * row[j];
    system.add(row, right);
  }
  const auto x = non_negative_least_squares(system);
  for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(x[j], truth[j], 1e-9 * truth[j] + 1e-22) << j;
}

TEST(Nnls, RefusesWhatIsNotFinite) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW((void)non_negative_least_squares(system_of(1, {{bad}}, {1.0})), Error);
    EXPECT_THROW((void)non_negative_least_squares(system_of(1, {{1.0}}, {bad})), Error);
  }
}

}  // namespace
}  // namespace frugal
