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

constexpr std::array kTypes = {KvType::kF32, KvType::kF16, KvType::kQ8_0};

// Head sizes of real models, and around the vectors; the scaled type takes multiples of 32 only.
std::vector<std::size_t> head_dims(KvType type) {
  if (type == KvType::kQ8_0) return {32, 64, 96, 128, 256};
  return {1, 7, 8, 16, 20, 33, 64, 80, 128, 172, 256};
}

/// One head's pages, written by `store_kv`, and the numbers that went in.
struct Cache {
  Cache(KvType t, std::size_t positions, std::size_t dim)
      : type(t),
        head_dim(dim),
        keys(numbers(positions * dim, 2)),
        values(numbers(positions * dim, 3)),
        storage((positions + kPagePositions - 1) / kPagePositions * kv_block_bytes(t, dim)) {
    for (std::size_t at = 0; at < storage.size(); at += kv_block_bytes(t, dim)) {
      pages.push_back(storage.data() + at);
    }
    for (std::size_t p = 0; p < positions; ++p) {
      store_kv(choose_kernels("scalar"), slot(p), keys.data() + (p * dim),
               values.data() + (p * dim));
    }
  }
  [[nodiscard]] KvSlot slot(std::size_t p) {
    return {type, head_dim, storage.data() + (p / kPagePositions * kv_block_bytes(type, head_dim)),
            p % kPagePositions};
  }
  KvType type;
  std::size_t head_dim;
  std::vector<float> keys;
  std::vector<float> values;
  std::vector<std::byte> storage;
  std::vector<const std::byte*> pages;
};

struct Span {
  std::size_t begin;
  std::size_t end;
};

std::vector<float> run(const Kernels& table, const Cache& cache, const std::vector<float>& q,
                       const std::vector<Span>& spans, float softcap = 0.0F) {
  std::vector<std::size_t> begin;
  std::vector<std::size_t> end;
  for (const Span& span : spans) {
    begin.push_back(span.begin);
    end.push_back(span.end);
  }
  std::vector<float> out(spans.size() * cache.head_dim, kNan);
  std::vector<const float*> q_rows;
  std::vector<float*> out_rows;
  for (std::size_t r = 0; r < spans.size(); ++r) {
    q_rows.push_back(q.data() + (r * cache.head_dim));
    out_rows.push_back(out.data() + (r * cache.head_dim));
  }
  attend(table, cache.type,
         {.q = q_rows.data(),
          .rows = spans.size(),
          .begin = begin.data(),
          .end = end.data(),
          .pages = cache.pages.data(),
          .head_dim = cache.head_dim,
          .softcap = softcap,
          .out = out_rows.data()});
  return out;
}

std::vector<float> queries(std::size_t rows, std::size_t head_dim) {
  std::vector<float> q = numbers(rows * head_dim, 1);
  for (float& x : q) x *= 6.0F / std::sqrt(static_cast<float>(head_dim));
  return q;
}

// Attention in double precision on the numbers before they were rounded.
std::vector<float> expected(const Cache& cache, const std::vector<float>& q,
                            const std::vector<Span>& spans, double softcap = 0.0) {
  const std::size_t dim = cache.head_dim;
  std::vector<float> out(spans.size() * dim);
  for (std::size_t r = 0; r < spans.size(); ++r) {
    std::vector<double> sums(dim);
    double total = 0.0;
    for (std::size_t p = spans[r].begin; p < spans[r].end; ++p) {
      double score = 0.0;
      for (std::size_t d = 0; d < dim; ++d) {
        score +=
            static_cast<double>(q[(r * dim) + d]) * static_cast<double>(cache.keys[(p * dim) + d]);
      }
      if (softcap > 0.0) score = softcap * std::tanh(score / softcap);
      const double weight = std::exp(score);
      total += weight;
      for (std::size_t d = 0; d < dim; ++d) {
        sums[d] += weight * static_cast<double>(cache.values[(p * dim) + d]);
      }
    }
    for (std::size_t d = 0; d < dim; ++d) out[(r * dim) + d] = static_cast<float>(sums[d] / total);
  }
  return out;
}

// What rounding of keys and values to the type may cost.
double tolerance(KvType type) {
  return type == KvType::kF32 ? 1e-5 : (type == KvType::kF16 ? 4e-3 : 5e-2);
}

const std::vector<Span> kSpans = {{0, 1},   {0, 2},   {3, 31}, {0, 32}, {31, 33}, {0, 77},
                                  {40, 77}, {64, 65}, {0, 64}, {1, 70}, {76, 77}};

TEST(Attend, EveryIsaAndTypeAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    for (const KvType type : kTypes) {
      for (const std::size_t dim : head_dims(type)) {
        const Cache cache(type, 77, dim);
        const auto q = queries(kSpans.size(), dim);
        EXPECT_LE(
            worst(run(*table, cache, q, kSpans), expected(cache, q, kSpans), 0.0, tolerance(type)),
            1.0)
            << name(*table) << " type " << static_cast<int>(type) << " head_dim " << dim;
      }
    }
  }
}

TEST(Attend, EveryIsaAgreesWithScalarOnTheSameRoundedCache) {
  for (const Kernels* table : runnable_kernels()) {
    for (const KvType type : kTypes) {
      for (const std::size_t dim : head_dims(type)) {
        const Cache cache(type, 77, dim);
        const auto q = queries(kSpans.size(), dim);
        for (const float cap : {0.0F, 2.5F}) {
          const auto want = run(choose_kernels("scalar"), cache, q, kSpans, cap);
          EXPECT_LE(worst(run(*table, cache, q, kSpans, cap), want, 0.0, 1e-5), 1.0)
              << name(*table) << " type " << static_cast<int>(type) << " head_dim " << dim;
        }
      }
    }
  }
}

TEST(Attend, CapsScores) {
  const Cache cache(KvType::kF32, 40, 64);
  auto q = queries(1, 64);
  for (float& x : q) x *= 10.0F;
  for (const Kernels* table : runnable_kernels()) {
    const auto got = run(*table, cache, q, {{0, 40}}, 3.0F);
    EXPECT_LE(worst(got, expected(cache, q, {{0, 40}}, 3.0), 0.0, 1e-5), 1.0) << name(*table);
  }
}

TEST(Attend, TheBitsOfARowDependOnNoOtherRow) {
  for (const Kernels* table : runnable_kernels()) {
    for (const KvType type : kTypes) {
      const Cache cache(type, 77, 96);
      const auto q = queries(kSpans.size(), 96);
      const auto together = run(*table, cache, q, kSpans);
      for (std::size_t r = 0; r < kSpans.size(); ++r) {
        const auto first = static_cast<std::ptrdiff_t>(r * 96);
        const std::vector<float> one(q.begin() + first, q.begin() + first + 96);
        const auto alone = run(*table, cache, one, {kSpans[r]});
        EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + first))
            << name(*table) << " row " << r;
      }
    }
  }
}

TEST(Attend, ReadsNothingOutsideTheVisiblePositions) {
  for (const Kernels* table : runnable_kernels()) {
    for (const KvType type : kTypes) {
      Cache cache(type, 40, 64);
      const auto q = queries(1, 64);
      const auto want = run(*table, cache, q, {{5, 37}});
      const std::vector<float> poison(64, kNan);
      for (const std::size_t p : {0U, 4U, 37U, 39U}) {
        store_kv(*table, cache.slot(p), poison.data(), poison.data());
      }
      EXPECT_EQ(run(*table, cache, q, {{5, 37}}), want) << name(*table);
    }
  }
}

TEST(Attend, ANanThatIsVisibleShows) {
  for (const Kernels* table : runnable_kernels()) {
    Cache cache(KvType::kQ8_0, 40, 64);
    const std::vector<float> poison(64, kNan);
    store_kv(*table, cache.slot(7), cache.keys.data(), poison.data());
    for (const float x : run(*table, cache, queries(1, 64), {{0, 40}})) EXPECT_TRUE(std::isnan(x));
  }
}

TEST(Attend, OfOnePositionIsItsValue) {
  for (const Kernels* table : runnable_kernels()) {
    const Cache cache(KvType::kF32, 3, 20);
    const auto out = run(*table, cache, queries(1, 20), {{2, 3}});
    for (std::size_t d = 0; d < 20; ++d) EXPECT_FLOAT_EQ(out[d], cache.values[40 + d]);
  }
}

TEST(KvBlock, BytesPerType) {
  EXPECT_EQ(kv_block_bytes(KvType::kF32, 64), 2U * 32 * 64 * 4);
  EXPECT_EQ(kv_block_bytes(KvType::kF16, 64), 2U * 32 * 64 * 2);
  EXPECT_EQ(kv_block_bytes(KvType::kQ8_0, 64), 2U * 32 * (64 + (2 * 2)));
}

TEST(KvBlock, HalvesAreRoundedToNearest) {
  const std::vector<float> key = numbers(300, 5);
  const std::vector<float> value = numbers(300, 6);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<std::byte> block(kv_block_bytes(KvType::kF16, 300));
    store_kv(*table, {KvType::kF16, 300, block.data(), 9}, key.data(), value.data());
    const auto* halves = reinterpret_cast<const std::uint16_t*>(block.data());
    for (std::size_t d = 0; d < 300; ++d) {
      EXPECT_EQ(halves[(d * kPagePositions) + 9], float_to_half(key[d]));
      EXPECT_EQ(halves[(kPagePositions * 300) + (9 * 300) + d], float_to_half(value[d]));
    }
  }
}

TEST(AttendCost, CountsVisiblePositionsPerRowAndReadsPagesOncePerCall) {
  const Cost cost = attend_cost(
      {.rows = 2, .visible = 30, .positions = 20, .head_dim = 64, .type = KvType::kF16});
  EXPECT_EQ(cost.op(Op::kFloat), 30U * ((4 * 64) + 4));
  EXPECT_EQ(cost.op(Op::kSpecial), 30U + 2);
  EXPECT_EQ(cost.traffic(Traffic::kDram), 20U * 64 * 2 * 2);
  const Cost scaled = attend_cost(
      {.rows = 1, .visible = 20, .positions = 20, .head_dim = 64, .type = KvType::kQ8_0});
  EXPECT_EQ(scaled.traffic(Traffic::kDram), 20U * 2 * (64 + (2 * 2)));
}

}  // namespace
}  // namespace frugal::kernels
