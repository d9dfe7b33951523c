#include "frugal/kernels/attend.h"

#include <gtest/gtest.h>

#include "frugal/kernels/test_data.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels {
namespace {

using testing::kNan;
using testing::name;
using testing::numbers;
using testing::worst;

struct Case {
  std::size_t count;
  std::size_t head_dim;
  std::size_t stride;
};

constexpr std::array<Case, 10> kCases = {{{1, 1, 1},
                                          {2, 7, 7},
                                          {3, 8, 9},
                                          {5, 16, 48},
                                          {4, 20, 21},
                                          {9, 33, 40},
                                          {17, 64, 128},
                                          {6, 80, 80},
                                          {33, 128, 256},
                                          {7, 172, 173}}};

/// A cache of one head and a query, the same numbers in both types.
struct Cache {
  explicit Cache(const Case& shape) : q(numbers(shape.head_dim, 1)) {
    for (float& v : q) v *= 3.0F;
    for (const float v : numbers(shape.count * shape.stride, 2)) {
      keys_half.push_back(float_to_half(v));
      keys.push_back(half_to_float(keys_half.back()));
    }
    for (const float v : numbers(shape.count * shape.stride, 3)) {
      values_half.push_back(float_to_half(v));
      values.push_back(half_to_float(values_half.back()));
    }
  }
  std::vector<float> q;
  std::vector<float> keys;
  std::vector<float> values;
  std::vector<std::uint16_t> keys_half;
  std::vector<std::uint16_t> values_half;
};

struct Result {
  std::vector<float> weights;
  std::vector<float> out;
};

Result expected(const Cache& cache, const Case& shape) {
  std::vector<double> weights(shape.count);
  double sum = 0.0;
  for (std::size_t p = 0; p < shape.count; ++p) {
    double score = 0.0;
    for (std::size_t d = 0; d < shape.head_dim; ++d) {
      score +=
          static_cast<double>(cache.q[d]) * static_cast<double>(cache.keys[(p * shape.stride) + d]);
    }
    weights[p] = std::exp(score);
    sum += weights[p];
  }
  Result result;
  for (double& w : weights) {
    w /= sum;
    result.weights.push_back(static_cast<float>(w));
  }
  for (std::size_t d = 0; d < shape.head_dim; ++d) {
    double out = 0.0;
    for (std::size_t p = 0; p < shape.count; ++p) {
      out += weights[p] * static_cast<double>(cache.values[(p * shape.stride) + d]);
    }
    result.out.push_back(static_cast<float>(out));
  }
  return result;
}

template <class T>
Result run(const Kernels& table, const Case& shape, const std::vector<float>& q,
           const std::vector<T>& keys, const std::vector<T>& values) {
  Result result{std::vector<float>(shape.count), std::vector<float>(shape.head_dim + 1, 7.0F)};
  const AttendArgs<T> args{.q = q.data(),
                           .keys = keys.data(),
                           .values = values.data(),
                           .stride = shape.stride,
                           .count = shape.count,
                           .head_dim = shape.head_dim,
                           .scores = result.weights.data(),
                           .out = result.out.data()};
  attend(table, args);
  EXPECT_EQ(result.out.back(), 7.0F) << "wrote beyond head_dim";
  result.out.pop_back();
  return result;
}

TEST(Attend, EveryIsaAgreesWithTheFormulaForBothCaches) {
  for (const Case& shape : kCases) {
    const Cache cache(shape);
    const Result want = expected(cache, shape);
    for (const Kernels* table : runnable_kernels()) {
      SCOPED_TRACE(name(*table) + " head_dim " + std::to_string(shape.head_dim));
      const Result f32 = run(*table, shape, cache.q, cache.keys, cache.values);
      const Result f16 = run(*table, shape, cache.q, cache.keys_half, cache.values_half);
      EXPECT_LE(worst(f32.out, want.out, 0.0, 1e-5), 1.0);
      EXPECT_LE(worst(f16.out, want.out, 0.0, 1e-5), 1.0);
      EXPECT_LE(worst(f32.weights, want.weights, 0.0, 1e-5), 1.0);
      EXPECT_LE(worst(f16.weights, want.weights, 0.0, 1e-5), 1.0);
    }
  }
}

TEST(Attend, OnePositionGivesItsValue) {
  const Case shape{1, 37, 37};
  const Cache cache(shape);
  for (const Kernels* table : runnable_kernels()) {
    const Result result = run(*table, shape, cache.q, cache.keys, cache.values);
    EXPECT_EQ(result.weights, std::vector<float>{1.0F}) << name(*table);
    EXPECT_EQ(result.out, cache.values) << name(*table);
  }
}

TEST(Attend, AMatchingKeyTakesAllTheWeight) {
  const Case shape{20, 64, 64};
  Cache cache(shape);
  // Position 13 begins at 13 * 64 = 832.
  for (std::size_t d = 0; d < 64; ++d) cache.keys[832 + d] = cache.q[d] * 100.0F;
  for (const Kernels* table : runnable_kernels()) {
    const Result result = run(*table, shape, cache.q, cache.keys, cache.values);
    EXPECT_EQ(result.weights[13], 1.0F) << name(*table);
    for (std::size_t d = 0; d < 64; ++d) EXPECT_EQ(result.out[d], cache.values[832 + d]);
  }
}

TEST(Attend, EqualKeysGiveTheMeanOfTheValues) {
  const Case shape{8, 48, 50};
  Cache cache(shape);
  std::fill(cache.keys.begin(), cache.keys.end(), 0.5F);
  for (const Kernels* table : runnable_kernels()) {
    const Result result = run(*table, shape, cache.q, cache.keys, cache.values);
    for (const float weight : result.weights) EXPECT_FLOAT_EQ(weight, 0.125F) << name(*table);
    for (std::size_t d = 0; d < 48; ++d) {
      float mean = 0.0F;
      for (std::size_t p = 0; p < 8; ++p) mean += cache.values[(p * 50) + d] / 8.0F;
      EXPECT_NEAR(result.out[d], mean, 1e-6F) << name(*table) << ' ' << d;
    }
  }
}

TEST(Attend, TheOrderOfPositionsDoesNotMatter) {
  const Case shape{11, 24, 24};
  const Cache cache(shape);
  std::vector<float> keys;
  std::vector<float> values;
  for (std::size_t p = 11; p-- > 0;) {
    const auto at = static_cast<std::ptrdiff_t>(p * 24);
    keys.insert(keys.end(), cache.keys.begin() + at, cache.keys.begin() + at + 24);
    values.insert(values.end(), cache.values.begin() + at, cache.values.begin() + at + 24);
  }
  for (const Kernels* table : runnable_kernels()) {
    const Result forth = run(*table, shape, cache.q, cache.keys, cache.values);
    const Result back = run(*table, shape, cache.q, keys, values);
    EXPECT_LE(worst(back.out, forth.out, 0.0, 1e-5), 1.0) << name(*table);
  }
}

TEST(Attend, ALongContextStaysAccurate) {
  const Case shape{3000, 16, 16};
  const Cache cache(shape);
  const Result want = expected(cache, shape);
  for (const Kernels* table : runnable_kernels()) {
    const Result f16 = run(*table, shape, cache.q, cache.keys_half, cache.values_half);
    EXPECT_LE(worst(f16.out, want.out, 0.0, 1e-5), 1.0) << name(*table);
    EXPECT_LE(worst(f16.weights, want.weights, 1e-5, 1e-9), 1.0) << name(*table);
  }
}

TEST(Attend, ANanInTheCacheIsSeen) {
  const Case shape{5, 19, 19};
  for (const Kernels* table : runnable_kernels()) {
    Cache in_key(shape);
    in_key.keys[75] = kNan;
    for (const float v : run(*table, shape, in_key.q, in_key.keys, in_key.values).out) {
      EXPECT_TRUE(std::isnan(v)) << name(*table);
    }
    Cache in_value(shape);
    in_value.values_half[55] = 0x7E00;
    const Result result = run(*table, shape, in_value.q, in_value.keys_half, in_value.values_half);
    for (std::size_t d = 0; d < 19; ++d) EXPECT_EQ(std::isnan(result.out[d]), d == 17);
  }
}

TEST(Attend, CostIsCountedByHand) {
  const Cost cost = attend_cost({.heads = 4, .kv_heads = 2, .head_dim = 8, .element_bytes = 2}, 10);
  EXPECT_EQ(cost.op(Op::kFloat), (4U * 4 * 10 * 8) + (4U * 4 * 10));
  EXPECT_EQ(cost.op(Op::kSpecial), 44U);
  EXPECT_EQ(cost.traffic(Traffic::kDram), 2U * 2 * 10 * 8 * 2);
  EXPECT_EQ(cost.traffic(Traffic::kCache), (8U * 4 * 18) + (8U * 4 * 10));
}

TEST(Attend, CacheTrafficFollowsPositionsElementSizeAndCachedHeads) {
  const AttendShape shape{.heads = 8, .kv_heads = 4, .head_dim = 64, .element_bytes = 4};
  AttendShape half = shape;
  half.element_bytes = 2;
  AttendShape shared = shape;
  shared.kv_heads = 1;
  const auto dram = [](const AttendShape& s, std::uint64_t count) {
    return attend_cost(s, count).traffic(Traffic::kDram);
  };
  EXPECT_EQ(2 * dram(shape, 50), dram(shape, 100));
  EXPECT_EQ(2 * dram(half, 50), dram(shape, 50));
  EXPECT_EQ(4 * dram(shared, 50), dram(shape, 50));
  EXPECT_EQ(attend_cost(shared, 50).ops, attend_cost(shape, 50).ops);
}

TEST(AttendDeathTest, NothingToAttendToIsABug) {
  float x[2] = {};
  const AttendArgs<float> args{x, x, x, 1, 0, 1, x, x + 1};
  EXPECT_DEATH(attend(*runnable_kernels().front(), args), "count >= 1");
}

}  // namespace
}  // namespace frugal::kernels
