#include "frugal/compress/codebook.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "frugal/base/random.h"

namespace frugal::compress {
namespace {

double loss_of_run(const std::vector<float>& x, const std::vector<float>& w, std::size_t from,
                   std::size_t to) {
  double weight = 0.0;
  double sum = 0.0;
  for (std::size_t i = from; i < to; ++i) {
    weight += w[i];
    sum += static_cast<double>(w[i]) * static_cast<double>(x[i]);
  }
  double loss = 0.0;
  for (std::size_t i = from; i < to && weight > 0.0; ++i) {
    const double rest = static_cast<double>(x[i]) - (sum / weight);
    loss += static_cast<double>(w[i]) * rest * rest;
  }
  return loss;
}

// All ways to cut sorted numbers into k runs.
double brute_force(const std::vector<float>& x, const std::vector<float>& w, std::size_t from,
                   std::size_t k) {
  if (k == 1) return loss_of_run(x, w, from, x.size());
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t cut = from; cut <= x.size(); ++cut) {
    best = std::min(best, loss_of_run(x, w, from, cut) + brute_force(x, w, cut, k - 1));
  }
  return best;
}

std::vector<float> random_numbers(Random& random, std::size_t count) {
  std::vector<float> x(count);
  for (float& value : x) value = static_cast<float>(random.normal());
  return x;
}

std::vector<float> random_weights(Random& random, std::size_t count) {
  std::vector<float> w(count);
  for (float& value : w) value = random.chance(0.2) ? 0.0F : static_cast<float>(random.uniform());
  w[0] = 1.0F;
  return w;
}

TEST(Codebook, IsTheBestOfAllWaysToGroup) {
  Random random(3);
  for (int trial = 0; trial < 60; ++trial) {
    const auto count = static_cast<std::size_t>(random.between(1, 11));
    std::vector<float> x = random_numbers(random, count);
    const std::vector<float> w = random_weights(random, count);
    std::sort(x.begin(), x.end());
    for (std::size_t k = 1; k <= 4; ++k) {
      const Codebook book = exact_codebook(x, w, k);
      EXPECT_LE(book.centres.size(), k);
      EXPECT_NEAR(book.loss, brute_force(x, w, 0, k), 1e-6) << count << " numbers, k " << k;
    }
  }
}

TEST(Codebook, TheOrderOfNumbersDoesNotMatter) {
  Random random(4);
  std::vector<float> x = random_numbers(random, 300);
  const Codebook sorted = exact_codebook(x, {}, 16);
  std::vector<float> turned(x.rbegin(), x.rend());
  const Codebook again = exact_codebook(turned, {}, 16);
  EXPECT_EQ(again.centres, sorted.centres);
  EXPECT_TRUE(std::equal(again.codes.rbegin(), again.codes.rend(), sorted.codes.begin()));
}

// A step of Lloyd's, from the best, finds nothing better; more centres never lose more.
TEST(Codebook, CentresAreMeansOfTheirNumbersAndMoreAreBetter) {
  Random random(5);
  const std::vector<float> x = random_numbers(random, 1000);
  const std::vector<float> w = random_weights(random, 1000);
  double before = std::numeric_limits<double>::infinity();
  for (const std::size_t k : {1UL, 2UL, 8UL, 16UL, 256UL}) {
    const Codebook book = exact_codebook(x, w, k);
    ASSERT_EQ(book.centres.size(), k);
    EXPECT_TRUE(std::is_sorted(book.centres.begin(), book.centres.end()));
    EXPECT_LT(book.loss, before);
    before = book.loss;
    for (std::size_t c = 0; c < k; ++c) {
      double weight = 0.0;
      double sum = 0.0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (book.codes[i] != c) continue;
        weight += w[i];
        sum += static_cast<double>(w[i]) * static_cast<double>(x[i]);
      }
      if (!(weight > 0.0)) continue;
      ASSERT_NEAR(book.centres[c], sum / weight, 1e-6) << "centre " << c;
    }
  }
}

TEST(Codebook, FewNumbersAreKeptAsTheyAre) {
  const std::vector<float> x = {3.0F, -1.0F, 3.0F, 1e6F, -1.0F};
  const Codebook book = exact_codebook(x, {}, 16);
  EXPECT_EQ(book.centres, (std::vector<float>{-1.0F, 3.0F, 1e6F}));
  EXPECT_EQ(book.codes, (std::vector<std::uint8_t>{1, 0, 1, 2, 0}));
  EXPECT_EQ(book.loss, 0.0);
}

TEST(Codebook, WeightsDecideAndNoneMeansAllAlike) {
  const std::vector<float> x = {0.0F, 1.0F, 10.0F};
  EXPECT_EQ(exact_codebook(x, std::vector<float>{1.0F, 1.0F, 0.0F}, 2).centres,
            (std::vector<float>{0.0F, 1.0F}));
  EXPECT_EQ(exact_codebook(x, std::vector<float>(3, 0.0F), 2).centres,
            (std::vector<float>{0.5F, 10.0F}));
  EXPECT_EQ(exact_codebook(x, {}, 1).codes, std::vector<std::uint8_t>(3, 0));
}

// Far from 0 the spread is what counts: sums must not lose it.
TEST(Codebook, AnOffsetChangesNothing) {
  std::vector<float> x;
  for (int i = 0; i < 64; ++i) x.push_back(4096.0F + static_cast<float>(i % 4) * 0.25F);
  EXPECT_EQ(exact_codebook(x, {}, 4).loss, 0.0);
}

}  // namespace
}  // namespace frugal::compress
