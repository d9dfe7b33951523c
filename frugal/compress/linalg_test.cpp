#include "frugal/compress/linalg.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "frugal/base/random.h"

namespace frugal::compress {
namespace {

// Sum over `count` random x of x xᵀ; entry i of each x is `scale(i)` times a normal number.
template <class Scale>
SquareMatrix moments(std::size_t size, std::size_t count, const Scale& scale) {
  Random random(size + (1000 * count));
  SquareMatrix a(size);
  std::vector<double> x(size);
  for (std::size_t t = 0; t < count; ++t) {
    for (std::size_t i = 0; i < size; ++i) x[i] = scale(i) * random.normal();
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) a.row(i)[j] += x[i] * x[j];
    }
  }
  return a;
}

SquareMatrix random_definite(std::size_t size) {
  return moments(size, size + 20, [](std::size_t i) { return 1.0 + (i % 7 == 0 ? 5.0 : 0.0); });
}

// max |L Lᵀ - A| in units of the largest of A.
double residual(const SquareMatrix& l, const SquareMatrix& a) {
  double worst = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k <= j; ++k) sum += l.row(i)[k] * l.row(j)[k];
      worst = std::max(worst, std::abs(sum - a.row(i)[j]));
      largest = std::max(largest, std::abs(a.row(i)[j]));
    }
  }
  return worst / largest;
}

TEST(Cholesky, ItsSquareIsTheMatrixAtEverySize) {
  ThreadPool pool(2);
  for (const std::size_t size : {1UL, 2UL, 7UL, 63UL, 64UL, 65UL, 130UL}) {
    const SquareMatrix a = random_definite(size);
    SquareMatrix l = a;
    ASSERT_FALSE(cholesky(l, pool)) << size;
    EXPECT_LT(residual(l, a), 1e-13) << size;
    for (std::size_t i = 0; i < size; ++i) {
      ASSERT_GT(l.row(i)[i], 0.0);
      for (std::size_t j = i + 1; j < l.stride(); ++j) ASSERT_EQ(l.row(i)[j], 0.0);
    }
  }
}

TEST(Cholesky, ReadsTheLowerTriangleOnly) {
  ThreadPool pool(1);
  SquareMatrix a = random_definite(70);
  SquareMatrix l = a;
  for (std::size_t i = 0; i < 70; ++i) {
    for (std::size_t j = i + 1; j < 70; ++j) a.row(i)[j] = std::nan("");
  }
  ASSERT_FALSE(cholesky(l, pool));
  ASSERT_FALSE(cholesky(a, pool));
  for (std::size_t i = 0; i < 70; ++i) EXPECT_EQ(a.row(i)[i], l.row(i)[i]);
}

// Columns whose scales lie ten decades apart: the error stays small beside each pair of them.
TEST(Cholesky, KeepsSmallColumnsBesideLargeOnes) {
  ThreadPool pool(2);
  const auto scale = [](std::size_t i) { return std::pow(10.0, -static_cast<double>(i % 11)); };
  const SquareMatrix a = moments(90, 200, scale);
  SquareMatrix l = a;
  ASSERT_FALSE(cholesky(l, pool));
  for (std::size_t i = 0; i < 90; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k <= j; ++k) sum += l.row(i)[k] * l.row(j)[k];
      ASSERT_NEAR(sum, a.row(i)[j], 1e-11 * scale(i) * scale(j) * 200.0);
    }
  }
}

TEST(Cholesky, NamesTheColumnOfASingularMatrix) {
  ThreadPool pool(2);
  SquareMatrix a = random_definite(100);
  for (std::size_t i = 0; i < 100; ++i) a.row(i)[80] = a.row(80)[i] = 0.0;
  EXPECT_EQ(cholesky(a, pool), 80U);
  SquareMatrix zero(5);
  EXPECT_EQ(cholesky(zero, pool), 0U);
  SquareMatrix none(0);
  EXPECT_FALSE(cholesky(none, pool));
}

TEST(Cholesky, RefusesWhatIsNoNumber) {
  ThreadPool pool(1);
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), -1.0}) {
    SquareMatrix a = random_definite(20);
    a.row(9)[9] = bad;
    EXPECT_EQ(cholesky(a, pool), 9U) << bad;
  }
}

TEST(InvertLower, TimesTheFactorIsOne) {
  ThreadPool pool(2);
  for (const std::size_t size : {1UL, 2UL, 7UL, 64UL, 65UL, 130UL, 200UL}) {
    SquareMatrix l = random_definite(size);
    ASSERT_FALSE(cholesky(l, pool));
    SquareMatrix inverse = l;
    invert_lower(inverse, pool);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        double sum = 0.0;
        for (std::size_t k = j; k <= i; ++k) sum += l.row(i)[k] * inverse.row(k)[j];
        ASSERT_NEAR(sum, i == j ? 1.0 : 0.0, 1e-10) << size << " at " << i << " " << j;
      }
    }
  }
}

TEST(Linalg, TheBitsDoNotDependOnThreads) {
  ThreadPool one(1);
  ThreadPool three(3);
  SquareMatrix a = random_definite(150);
  SquareMatrix b = a;
  ASSERT_FALSE(cholesky(a, one));
  ASSERT_FALSE(cholesky(b, three));
  invert_lower(a, one);
  invert_lower(b, three);
  for (std::size_t i = 0; i < 150; ++i) {
    for (std::size_t j = 0; j < 150; ++j) ASSERT_EQ(a.row(i)[j], b.row(i)[j]);
  }
}

}  // namespace
}  // namespace frugal::compress
