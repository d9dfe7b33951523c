#include "frugal/compress/compensate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/base/random.h"

namespace frugal::compress {
namespace {

constexpr std::size_t kCols = 40;

const kernels::Kernels& best() {
  return kernels::choose_kernels("");
}

// Tokens whose last columns are sums of the first ones, and some noise.
std::vector<double> tokens(std::size_t count, double noise) {
  Random random(11);
  std::vector<double> x(count * kCols);
  for (std::size_t t = 0; t < count; ++t) {
    double* row = x.data() + (t * kCols);
    for (std::size_t c = 0; c < 20; ++c) row[c] = random.normal();
    for (std::size_t c = 20; c < kCols; ++c) {
      row[c] = row[c - 20] - (0.5 * row[39 - c]) + (noise * random.normal());
    }
  }
  return x;
}

SecondMoments moments_of(const std::vector<double>& x) {
  SecondMoments moments{.input = {{"t"}, kCols}, .sum = SquareMatrix(kCols)};
  moments.count = static_cast<double>(x.size() / kCols);
  for (std::size_t at = 0; at < x.size(); at += kCols) {
    for (std::size_t i = 0; i < kCols; ++i) {
      for (std::size_t j = 0; j <= i; ++j) moments.sum.row(i)[j] += x[at + i] * x[at + j];
    }
  }
  return moments;
}

std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> kept(count);
  for (std::size_t i = 0; i < count; ++i) kept[i] = i;
  return kept;
}

std::vector<float> weights(std::size_t rows) {
  Random random(5);
  std::vector<float> w(rows * kCols);
  for (float& value : w) value = static_cast<float>(random.normal());
  return w;
}

// Mean squared difference of the outputs over the tokens, by its definition.
double difference(const std::vector<double>& x, const std::vector<float>& w,
                  const std::vector<float>& small, const std::vector<std::size_t>& kept) {
  const std::size_t rows = w.size() / kCols;
  double total = 0.0;
  for (std::size_t at = 0; at < x.size(); at += kCols) {
    for (std::size_t r = 0; r < rows; ++r) {
      double rest = 0.0;
      for (std::size_t c = 0; c < kCols; ++c) {
        rest += static_cast<double>(w[(r * kCols) + c]) * x[at + c];
      }
      for (std::size_t i = 0; i < kept.size(); ++i) {
        rest -= static_cast<double>(small[(r * kept.size()) + i]) * x[at + kept[i]];
      }
      total += rest * rest;
    }
  }
  return total / static_cast<double>(x.size() / kCols);
}

TEST(Compensate, KeptColumnsTakeOverWhatFollowsFromThem) {
  ThreadPool pool(2);
  const std::vector<double> x = tokens(400, 0.05);
  const std::vector<float> w = weights(33);
  const auto kept = first(20);
  const auto substitute = make_substitute(best(), moments_of(x), kept, pool);
  ASSERT_TRUE(substitute);
  EXPECT_EQ(substitute->damping, 0.01);
  EXPECT_EQ(substitute->removed.size(), 20U);
  const std::vector<float> small =
      compensated(best(), *substitute, {w.data(), 33, kCols, kCols}, pool);
  std::vector<float> cut;
  for (std::size_t r = 0; r < 33; ++r) {
    for (const std::size_t c : kept) cut.push_back(w[(r * kCols) + c]);
  }
  EXPECT_LT(difference(x, w, small, kept), 0.02 * difference(x, w, cut, kept));
}

// At the optimum of |W x - W' x|² + damping |W' - W[:,K]|² no step to any side is better.
TEST(Compensate, NoStepFromItIsBetter) {
  ThreadPool pool(1);
  const std::vector<double> x = tokens(200, 0.4);
  const SecondMoments moments = moments_of(x);
  const std::vector<float> w = weights(1);
  const std::vector<std::size_t> kept = {0, 3, 4, 9, 17, 21, 30, 38};
  const auto substitute = make_substitute(best(), moments, kept, pool);
  ASSERT_TRUE(substitute);
  double mean = 0.0;
  for (const std::size_t c : kept) mean += moments.sum.row(c)[c] / moments.count / 8.0;
  const auto cost = [&](const std::vector<float>& small) {
    double total = difference(x, w, small, kept);
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const double moved = static_cast<double>(small[i]) - static_cast<double>(w[kept[i]]);
      total += 0.01 * mean * moved * moved;
    }
    return total;
  };
  const std::vector<float> small =
      compensated(best(), *substitute, {w.data(), 1, kCols, kCols}, pool);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    for (const float step : {-0.01F, 0.01F}) {
      std::vector<float> moved = small;
      moved[i] += step;
      EXPECT_GT(cost(moved), cost(small)) << i;
    }
  }
}

TEST(Compensate, NothingRemovedChangesNothing) {
  ThreadPool pool(1);
  const std::vector<float> w = weights(3);
  const auto all = make_substitute(best(), moments_of(tokens(50, 0.1)), first(kCols), pool);
  ASSERT_TRUE(all);
  EXPECT_EQ(compensated(best(), *all, {w.data(), 3, kCols, kCols}, pool), w);
}

TEST(Compensate, TheBitsDoNotDependOnThreads) {
  ThreadPool one(1);
  ThreadPool three(3);
  const SecondMoments moments = moments_of(tokens(60, 0.3));
  const std::vector<float> w = weights(70);
  const auto a = make_substitute(best(), moments, first(25), one);
  const auto b = make_substitute(best(), moments, first(25), three);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(compensated(best(), *a, {w.data(), 70, kCols, kCols}, one),
            compensated(best(), *b, {w.data(), 70, kCols, kCols}, three));
}

TEST(Compensate, FewTokensAndNone) {
  ThreadPool pool(1);
  const auto few = make_substitute(best(), moments_of(tokens(2, 0.1)), first(30), pool);
  ASSERT_TRUE(few) << "singular, but damped";
  for (const float value : few->turned) EXPECT_TRUE(std::isfinite(value));
  SecondMoments zero{.input = {{"t"}, kCols}, .sum = SquareMatrix(kCols), .count = 9.0};
  EXPECT_FALSE(make_substitute(best(), zero, first(30), pool));
  zero.sum.row(3)[3] = std::nan("");
  EXPECT_FALSE(make_substitute(best(), zero, first(30), pool));
}

}  // namespace
}  // namespace frugal::compress
