#include "frugal/compress/prune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "frugal/base/random.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {
namespace {

using Matrix = std::vector<double>;

// Inputs whose columns go together: a few hidden causes and some noise of their own.
SecondMoments correlated(std::size_t cols, std::size_t tokens) {
  Random random(cols + tokens);
  const std::size_t causes = 1 + (cols / 6);
  Matrix mix(cols * causes);
  for (double& value : mix) value = random.normal();
  SecondMoments moments{.input = {{"t"}, cols}, .sum = SquareMatrix(cols)};
  moments.count = static_cast<double>(tokens);
  Matrix x(cols);
  Matrix cause(causes);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (double& value : cause) value = random.normal();
    for (std::size_t c = 0; c < cols; ++c) {
      x[c] = 0.5 * random.normal();
      for (std::size_t k = 0; k < causes; ++k) x[c] += mix[(c * causes) + k] * cause[k];
      x[c] *= 0.2 + (0.3 * static_cast<double>(c % 7));
    }
    for (std::size_t i = 0; i < cols; ++i) {
      for (std::size_t j = 0; j <= i; ++j) moments.sum.row(i)[j] += x[i] * x[j];
    }
  }
  return moments;
}

std::vector<float> weights(std::size_t count) {
  Random random(7);
  std::vector<float> w(count);
  for (float& value : w) value = static_cast<float>(0.05 * random.normal());
  return w;
}

Rows rows_of(const std::vector<float>& w, std::size_t cols, DType type = DType::kF32) {
  return {.type = type, .count = w.size() / cols, .read = [&w, cols](std::size_t r, auto out) {
            std::copy_n(w.begin() + static_cast<std::ptrdiff_t>(r * cols), cols, out.begin());
          }};
}

std::vector<float> decoded(const std::vector<std::byte>& stored, DType type, std::size_t cols) {
  const std::size_t bytes = row_bytes(type, cols).value();
  std::vector<float> out(stored.size() / bytes * cols);
  for (std::size_t r = 0; r < stored.size() / bytes; ++r) {
    decode_row(type, stored.data() + (r * bytes), std::span(out).subspan(r * cols, cols));
  }
  return out;
}

const kernels::Kernels& best() {
  return kernels::choose_kernels("");
}

double moment(const SecondMoments& moments, std::size_t i, std::size_t j) {
  return moments.sum.row(std::max(i, j))[std::min(i, j)] / moments.count;
}

double loss(const std::vector<float>& w, const std::vector<float>& q, const SecondMoments& m) {
  const std::size_t n = m.sum.size();
  double total = 0.0;
  for (std::size_t first = 0; first < w.size(); first += n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double a = static_cast<double>(w[first + i]) - static_cast<double>(q[first + i]);
      for (std::size_t j = 0; j < n; ++j) {
        const double b = static_cast<double>(w[first + j]) - static_cast<double>(q[first + j]);
        total += a * b * moment(m, i, j);
      }
    }
  }
  return total;
}

// Zeros in the `count` places of least score of a list, in order where they are equal.
void zero_least(std::vector<std::tuple<double, std::size_t>> scored, std::size_t count,
                std::vector<float>& w) {
  std::sort(scored.begin(), scored.end());
  for (std::size_t i = 0; i < count; ++i) w[std::get<1>(scored[i])] = 0.0F;
}

TEST(Prune, MagnitudeTakesTheSmallestOfTheMatrix) {
  ThreadPool pool(2);
  for (const std::size_t cols : {1UL, 37UL, 130UL}) {
    const std::vector<float> w = weights(40 * cols);
    const PrunedMatrix found =
        prune(best(), pool, rows_of(w, cols), cols, {.sparsity = {.ratio = 0.3}});
    std::vector<std::tuple<double, std::size_t>> scored;
    for (std::size_t i = 0; i < w.size(); ++i) scored.emplace_back(std::abs(w[i]), i);
    std::vector<float> want = w;
    zero_least(scored, w.size() * 3 / 10, want);
    EXPECT_EQ(decoded(found.stored, DType::kF32, cols), want) << cols;
    EXPECT_EQ(found.zeros, w.size() * 3 / 10);
    EXPECT_FALSE(found.fed_back);
    EXPECT_FALSE(found.loss_plain) << "nothing is known of the input";
  }
}

TEST(Prune, AThresholdTakesAllBelowIt) {
  ThreadPool pool(1);
  const std::vector<float> w = {0.5F, -0.1F, 0.2F, -0.3F, 0.0F, 0.19F};
  const PrunedMatrix found = prune(best(), pool, rows_of(w, 3), 3, {.sparsity = {.below = 0.2F}});
  EXPECT_EQ(decoded(found.stored, DType::kF32, 3),
            (std::vector<float>{0.5F, 0.0F, 0.2F, -0.3F, 0.0F, 0.0F}));
}

TEST(Prune, WandaTakesTheSmallestOfEachRowByInput) {
  ThreadPool pool(2);
  for (const std::size_t cols : {1UL, 37UL, 130UL}) {
    const std::vector<float> w = weights(40 * cols);
    std::vector<float> x2(cols);
    for (std::size_t c = 0; c < cols; ++c) x2[c] = static_cast<float>(c % 5);  // dead ones too
    for (const Sparsity sparsity : {Sparsity{.ratio = 0.5}, Sparsity{.keep = 2, .group = 4}}) {
      std::vector<float> want = w;
      const std::size_t group = sparsity.group > 0 ? sparsity.group : cols;
      for (std::size_t at = 0; at < w.size();) {
        const std::size_t here = std::min(group, cols - (at % cols));
        std::vector<std::tuple<double, std::size_t>> scored;
        for (std::size_t i = at; i < at + here; ++i) {
          scored.emplace_back(std::abs(w[i]) * std::sqrt(x2[i % cols]), i);
        }
        zero_least(scored, here / 2, want);
        at += here;
      }
      const PrunedMatrix found =
          prune(best(), pool, rows_of(w, cols), cols, {.sparsity = sparsity, .weights = x2});
      EXPECT_EQ(decoded(found.stored, DType::kF32, cols), want) << cols;
    }
  }
}

// The inverse that is left for columns j … once those before j are out: OBS by its textbook form,
// without any factor.
struct Eliminated {
  std::vector<Matrix> inverses;  // [j]: n x n
  explicit Eliminated(const SecondMoments& moments) {
    const std::size_t n = moments.sum.size();
    double mean = 0.0;
    for (std::size_t c = 0; c < n; ++c) mean += moment(moments, c, c) / static_cast<double>(n);
    Matrix a(n * n);
    Matrix inverse(n * n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) a[(i * n) + j] = moment(moments, i, j);
      a[(i * n) + i] += 0.01 * mean;
      inverse[(i * n) + i] = 1.0;
    }
    for (std::size_t k = 0; k < n; ++k) {  // Gauss and Jordan; positive definite: no pivoting
      const double pivot = a[(k * n) + k];
      for (std::size_t j = 0; j < n; ++j) a[(k * n) + j] /= pivot, inverse[(k * n) + j] /= pivot;
      for (std::size_t i = 0; i < n; ++i) {
        const double factor = a[(i * n) + k];
        if (i == k) continue;
        for (std::size_t j = 0; j < n; ++j) {
          a[(i * n) + j] -= factor * a[(k * n) + j];
          inverse[(i * n) + j] -= factor * inverse[(k * n) + j];
        }
      }
    }
    for (std::size_t k = 0; k < n; ++k) {
      inverses.push_back(inverse);
      const Matrix before = inverse;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          inverse[(i * n) + j] -= before[(i * n) + k] * before[(k * n) + j] / before[(k * n) + k];
        }
      }
    }
  }
};

std::vector<float> slow_sparse_gpt(const std::vector<float>& w, const Sparsity& sparsity,
                                   const SecondMoments& moments) {
  const std::size_t n = moments.sum.size();
  const std::size_t rows = w.size() / n;
  const Eliminated left(moments);
  const auto diagonal = [&](std::size_t j) { return left.inverses[j][(j * n) + j]; };
  Matrix now(w.begin(), w.end());
  std::vector<bool> zero(w.size());
  const auto choose = [&](std::size_t row, std::size_t end_row, std::size_t at, std::size_t end,
                          double ratio) {
    std::vector<std::tuple<double, std::size_t>> scored;
    for (std::size_t r = row; r < end_row; ++r) {
      for (std::size_t c = at; c < end; ++c) {
        scored.emplace_back(now[(r * n) + c] * now[(r * n) + c] / diagonal(c), (r * n) + c);
      }
    }
    std::sort(scored.begin(), scored.end());
    for (std::size_t i = 0; i < zeros_of(ratio, scored.size()); ++i) {
      zero[std::get<1>(scored[i])] = true;
    }
  };
  for (std::size_t j = 0; j < n; ++j) {
    if (sparsity.group > 0 && j % sparsity.group == 0) {
      for (std::size_t r = 0; r < rows; ++r) {
        choose(r, r + 1, j, std::min(j + sparsity.group, n), 0.5);
      }
    } else if (sparsity.group == 0 && j % 128 == 0) {
      choose(0, rows, j, std::min<std::size_t>(j + 128, n), sparsity.ratio);
    }
    for (std::size_t r = 0; r < rows; ++r) {
      if (!zero[(r * n) + j]) continue;
      const double error = now[(r * n) + j] / diagonal(j);
      for (std::size_t c = j; c < n; ++c) now[(r * n) + c] -= error * left.inverses[j][(j * n) + c];
      now[(r * n) + j] = 0.0;
    }
  }
  return {now.begin(), now.end()};
}

TEST(Prune, SparseGptIsTheTextbooksElimination) {
  ThreadPool pool(2);
  for (const std::size_t cols : {45UL, 150UL}) {  // 150: two blocks of columns
    const SecondMoments moments = correlated(cols, 400);
    const auto feedback = make_feedback(moments, pool);
    ASSERT_TRUE(feedback);
    const std::vector<float> w = weights(37 * cols);
    for (const Sparsity sparsity : {Sparsity{.ratio = 0.5}, Sparsity{.keep = 2, .group = 4}}) {
      const std::vector<float> want = slow_sparse_gpt(w, sparsity, moments);
      const PrunedMatrix found =
          prune_fed_back(best(), pool, rows_of(w, cols), sparsity, *feedback);
      ASSERT_TRUE(found.fed_back);
      const std::vector<float> values = decoded(found.stored, DType::kF32, cols);
      for (std::size_t i = 0; i < w.size(); ++i) ASSERT_NEAR(values[i], want[i], 2e-4) << i;
      EXPECT_EQ(found.zeros,
                static_cast<std::uint64_t>(std::count(want.begin(), want.end(), 0.0F)));
      const double exact = loss(w, values, moments);
      EXPECT_NEAR(found.loss_fed_back.value(), exact, 1e-3 * exact);
      EXPECT_LT(found.loss_fed_back.value(), 0.7 * found.loss_plain.value());
    }
  }
}

TEST(Prune, LossesOrderAsTheKnowledgeBehindThem) {
  ThreadPool pool(2);
  constexpr std::size_t kCols = 96;
  const SecondMoments moments = correlated(kCols, 500);
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  const std::vector<float> w = weights(64 * kCols);
  for (const Sparsity sparsity : {Sparsity{.ratio = 0.5}, Sparsity{.keep = 2, .group = 4}}) {
    const auto lost = [&](const PrunedMatrix& pruned) {
      return loss(w, decoded(pruned.stored, DType::kF32, kCols), moments);
    };
    const double magnitude =
        lost(prune(best(), pool, rows_of(w, kCols), kCols, {.sparsity = sparsity}));
    const double wanda = lost(prune(best(), pool, rows_of(w, kCols), kCols,
                                    {.sparsity = sparsity, .weights = feedback->weights}));
    const double sparse_gpt =
        lost(prune_fed_back(best(), pool, rows_of(w, kCols), sparsity, *feedback));
    EXPECT_LT(wanda, magnitude);
    EXPECT_LT(sparse_gpt, wanda);
  }
}

TEST(Prune, ZerosSurviveRoundingInEveryTypeThatHoldsThem) {
  ThreadPool pool(2);
  constexpr std::size_t kCols = 512;
  const SecondMoments moments = correlated(kCols, 100);
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  const std::vector<float> w = weights(6 * kCols);
  for (const DType type : {DType::kF16, DType::kBF16, DType::kQ8_0, DType::kQ6_K, DType::kQ5_0,
                           DType::kQ4_0, DType::kQ3_K}) {
    for (const Sparsity sparsity : {Sparsity{.ratio = 0.5}, Sparsity{.keep = 2, .group = 4}}) {
      const PrunedMatrix found =
          prune_fed_back(best(), pool, rows_of(w, kCols, type), sparsity, *feedback);
      EXPECT_TRUE(found.fed_back) << name(type);
      EXPECT_GE(found.zeros, w.size() / 2) << name(type);
      const std::vector<float> values = decoded(found.stored, type, kCols);
      if (sparsity.group == 0) continue;
      for (std::size_t at = 0; at < values.size(); at += 4) {
        const auto from = values.begin() + static_cast<std::ptrdiff_t>(at);
        ASSERT_GE(std::count(from, from + 4, 0.0F), 2) << name(type) << " " << at;
      }
    }
  }
}

TEST(Prune, TheBytesDoNotDependOnThreads) {
  ThreadPool one(1);
  ThreadPool three(3);
  const SecondMoments moments = correlated(96, 60);
  const auto feedback = make_feedback(moments, one);
  ASSERT_TRUE(feedback);
  const std::vector<float> w = weights(200 * 96);
  const Rows rows = rows_of(w, 96, DType::kQ8_0);
  const Sparsity half{.ratio = 0.5};
  const PrunedMatrix a = prune_fed_back(best(), one, rows, half, *feedback);
  const PrunedMatrix b = prune_fed_back(best(), three, rows, half, *feedback);
  EXPECT_EQ(a.stored, b.stored);
  EXPECT_EQ(a.loss_fed_back, b.loss_fed_back);
  EXPECT_EQ(prune(best(), one, rows, 96, {.sparsity = half}).stored,
            prune(best(), three, rows, 96, {.sparsity = half}).stored);
}

// Weights of columns without any input go first, and nothing becomes a NaN where half of them are.
TEST(Prune, DeadColumnsGoFirst) {
  ThreadPool pool(1);
  SecondMoments moments = correlated(64, 20);  // fewer tokens than columns, too
  for (std::size_t c = 0; c < 64; ++c) {
    for (std::size_t dead = 0; dead < 64; dead += 2) {
      moments.sum.row(std::max(c, dead))[std::min(c, dead)] = 0.0;
    }
  }
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  EXPECT_EQ(feedback->dead, 32U);
  const std::vector<float> w = weights(8 * 64);
  const PrunedMatrix wanda = prune(best(), pool, rows_of(w, 64), 64,
                                   {.sparsity = {.ratio = 0.5}, .weights = feedback->weights});
  const std::vector<float> values = decoded(wanda.stored, DType::kF32, 64);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], i % 2 == 0 ? 0.0F : w[i]);
  const PrunedMatrix fed = prune_fed_back(best(), pool, rows_of(w, 64), {.ratio = 0.4}, *feedback);
  for (const float value : decoded(fed.stored, DType::kF32, 64)) EXPECT_TRUE(std::isfinite(value));
}

// Huge numbers overflow the float16 that errors are fed into: the plain way is kept.
TEST(Prune, FallsBackWhereFeedingLeavesTheType) {
  ThreadPool pool(1);
  const SecondMoments moments = correlated(64, 200);
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  std::vector<float> w = weights(4 * 64);
  for (float& value : w) value = value > 0.0F ? 65504.0F : -65504.0F;
  const PrunedMatrix found =
      prune_fed_back(best(), pool, rows_of(w, 64, DType::kF16), {.ratio = 0.5}, *feedback);
  for (const float value : decoded(found.stored, DType::kF16, 64)) {
    EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(Prune, SaysHowMuchMemoryItNeeds) {
  EXPECT_GE(bytes_to_prune(100, 64, DType::kF32), 100U * 64U * (13U + 8U));
}

}  // namespace
}  // namespace frugal::compress
