#include "frugal/compress/gptq.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "frugal/base/random.h"
#include "frugal/kernels/round.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {
namespace {

constexpr std::array<DType, 12> kTypes = {
    DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ8_0,   DType::kQ2_K,
    DType::kQ3_K, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS};

// Inputs whose columns go together: a few hidden causes and some noise of their own.
SecondMoments correlated(std::size_t cols, std::size_t tokens, double noise) {
  Random random(cols + tokens);
  const std::size_t causes = cols / 8;
  std::vector<double> mix(cols * causes);
  for (double& value : mix) value = random.normal();
  SecondMoments moments{.input = {{"t"}, cols}, .sum = SquareMatrix(cols)};
  moments.count = static_cast<double>(tokens);
  std::vector<double> x(cols);
  std::vector<double> cause(causes);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (double& value : cause) value = random.normal();
    for (std::size_t c = 0; c < cols; ++c) {
      x[c] = noise * random.normal();
      for (std::size_t k = 0; k < causes; ++k) x[c] += mix[(c * causes) + k] * cause[k];
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

Rows rows_of(const std::vector<float>& w, std::size_t cols, DType type) {
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

// tr((W - Ŵ) H (W - Ŵ)ᵀ) by its definition, in double.
double loss(const std::vector<float>& w, const std::vector<float>& q,
            const SecondMoments& moments) {
  const std::size_t n = moments.sum.size();
  double total = 0.0;
  for (std::size_t first = 0; first < w.size(); first += n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double a = static_cast<double>(w[first + i]) - static_cast<double>(q[first + i]);
      for (std::size_t j = 0; j < n; ++j) {
        const double b = static_cast<double>(w[first + j]) - static_cast<double>(q[first + j]);
        total += a * b * moments.sum.row(std::max(i, j))[std::min(i, j)] / moments.count;
      }
    }
  }
  return total;
}

TEST(Feedback, IsTheFactorOfTheInverse) {
  ThreadPool pool(2);
  constexpr std::size_t kCols = 96;
  const SecondMoments moments = correlated(kCols, 300, 0.5);
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  EXPECT_EQ(feedback->damping, 0.01);
  EXPECT_EQ(feedback->dead, 0U);
  double mean = 0.0;
  for (std::size_t c = 0; c < kCols; ++c) mean += moments.sum.row(c)[c] / 300.0 / kCols;
  // Uᵀ U (H + damping) = 1: column j of U is row j of `factor`.
  for (std::size_t i = 0; i < kCols; i += 19) {
    for (std::size_t j = 0; j < kCols; ++j) {
      double sum = 0.0;
      for (std::size_t c = 0; c < kCols; ++c) {
        double inverse = 0.0;
        for (std::size_t k = 0; k <= std::min(i, c); ++k) {
          inverse += static_cast<double>(feedback->factor[(i * kCols) + k]) *
                     static_cast<double>(feedback->factor[(c * kCols) + k]);
        }
        const double h = moments.sum.row(std::max(c, j))[std::min(c, j)] / 300.0;
        sum += inverse * (h + (c == j ? 0.01 * mean : 0.0));
      }
      ASSERT_NEAR(sum, i == j ? 1.0 : 0.0, 1e-3) << i << " " << j;
    }
  }
}

TEST(Gptq, LosesLessThanTheSearchInEveryType) {
  ThreadPool pool(2);
  constexpr std::size_t kCols = 512;
  const SecondMoments moments = correlated(kCols, 120, 0.3);
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  const std::vector<float> w = weights(4 * kCols);
  for (const DType type : kTypes) {
    const RoundedMatrix rounded =
        round_matrix(kernels::choose_kernels(""), pool, rows_of(w, kCols, type), *feedback);
    EXPECT_TRUE(rounded.fed_back) << name(type);
    EXPECT_LT(rounded.loss_gptq, 0.6 * rounded.loss_search) << name(type);
    const double exact = loss(w, decoded(rounded.stored, type, kCols), moments);
    EXPECT_NEAR(rounded.loss_gptq, exact, 1e-3 * exact) << name(type);
  }
}

// With inputs that do not go together there is nothing to feed: only the damping, in the weights of
// the search, makes a difference.
TEST(Gptq, IsTheSearchWhereColumnsAreAlone) {
  ThreadPool pool(1);
  constexpr std::size_t kCols = 256;
  SecondMoments moments{.input = {{"t"}, kCols}, .sum = SquareMatrix(kCols), .count = 1.0};
  for (std::size_t c = 0; c < kCols; ++c) {
    moments.sum.row(c)[c] = 4.0 + static_cast<double>(c % 13);
  }
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  const std::vector<float> w = weights(3 * kCols);
  for (const DType type : kTypes) {
    const RoundedMatrix rounded =
        round_matrix(kernels::choose_kernels(""), pool, rows_of(w, kCols, type), *feedback);
    EXPECT_NEAR(rounded.loss_gptq, rounded.loss_search, 0.01 * rounded.loss_search) << name(type);
  }
}

TEST(Gptq, IsNeverWorseThanTheSearch) {
  ThreadPool pool(2);
  for (const std::size_t tokens : {3UL, 40UL, 200UL}) {  // fewer than columns: H is singular
    const SecondMoments moments = correlated(96, tokens, 0.1);
    const auto feedback = make_feedback(moments, pool);
    ASSERT_TRUE(feedback);
    const std::vector<float> w = weights(40 * 96);
    for (const DType type : {DType::kQ4_0, DType::kQ5_1, DType::kQ8_0}) {
      const RoundedMatrix rounded =
          round_matrix(kernels::choose_kernels(""), pool, rows_of(w, 96, type), *feedback);
      std::vector<std::byte> searched(row_bytes(type, 96).value());
      std::vector<float> all;
      for (std::size_t r = 0; r < 40; ++r) {
        kernels::round_row(kernels::choose_kernels(""), type, std::span(w).subspan(r * 96, 96),
                           kernels::ColumnWeights(type, 96, feedback->weights), searched.data());
        const std::vector<float> row = decoded(searched, type, 96);
        all.insert(all.end(), row.begin(), row.end());
      }
      const double limit = loss(w, all, moments);
      EXPECT_LE(loss(w, decoded(rounded.stored, type, 96), moments), limit * 1.001);
    }
  }
}

TEST(Gptq, TheBytesDoNotDependOnThreads) {
  ThreadPool one(1);
  ThreadPool three(3);
  const SecondMoments moments = correlated(512, 60, 0.3);
  const std::vector<float> w = weights(70 * 512);
  const auto a = make_feedback(moments, one);
  const auto b = make_feedback(moments, three);
  ASSERT_TRUE(a && b);
  for (const DType type : {DType::kQ4_0, DType::kQ3_K}) {
    const auto& kernels = kernels::choose_kernels("");
    const RoundedMatrix first = round_matrix(kernels, one, rows_of(w, 512, type), *a);
    const RoundedMatrix second = round_matrix(kernels, three, rows_of(w, 512, type), *b);
    EXPECT_EQ(first.stored, second.stored) << name(type);
    EXPECT_EQ(first.loss_gptq, second.loss_gptq) << name(type);
  }
}

TEST(Gptq, DeadColumnsKeepTheirWeights) {
  ThreadPool pool(1);
  SecondMoments moments = correlated(64, 200, 0.3);
  for (std::size_t c = 0; c < 64; ++c) {
    for (const std::size_t dead : {5UL, 40UL})
      moments.sum.row(std::max(c, dead))[std::min(c, dead)] = 0.0;
  }
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  EXPECT_EQ(feedback->dead, 2U);
  const std::vector<float> w = weights(8 * 64);
  const RoundedMatrix rounded =
      round_matrix(kernels::choose_kernels(""), pool, rows_of(w, 64, DType::kQ8_0), *feedback);
  const std::vector<float> q = decoded(rounded.stored, DType::kQ8_0, 64);
  for (std::size_t r = 0; r < 8; ++r) EXPECT_NEAR(q[(r * 64) + 5], w[(r * 64) + 5], 0.002F);
}

TEST(Feedback, SaysWhenThereIsNone) {
  ThreadPool pool(1);
  SecondMoments moments{.input = {{"t"}, 32}, .sum = SquareMatrix(32), .count = 10.0};
  EXPECT_FALSE(make_feedback(moments, pool)) << "all zeros";
  moments = correlated(32, 100, 0.3);
  moments.sum.row(4)[4] = std::nan("");
  EXPECT_FALSE(make_feedback(moments, pool)) << "not a number";
}

// No sum of squares: only more damping makes it positive definite.
TEST(Feedback, DampingGrowsUntilTheFactorExists) {
  ThreadPool pool(1);
  SecondMoments moments{.input = {{"t"}, 32}, .sum = SquareMatrix(32), .count = 1.0};
  for (std::size_t c = 0; c < 32; ++c) moments.sum.row(c)[c] = 1.0;
  moments.sum.row(1)[0] = 1.05;
  const auto feedback = make_feedback(moments, pool);
  ASSERT_TRUE(feedback);
  EXPECT_EQ(feedback->damping, 0.1);
}

}  // namespace
}  // namespace frugal::compress
