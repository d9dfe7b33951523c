// Page by page, two query rows at a time:
//
//   scores  four vectors of eight positions per row, one broadcast element of the query per step
//   m, l    the largest score and the sum of exponentials so far; when a page brings a larger one,
//           what was summed before is scaled down by exp(old m - new m)
//   out     += exp(score - m) * value, four vectors of the head per row at a time
//
// A row's arithmetic is the same whether it runs alone or beside another: positions that only its
// neighbour sees have weight 0.

#include <cmath>

#include "frugal/kernels/attend_page.h"
#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

inline constexpr std::size_t kScoreVectors = kPagePositions / kLanes;
inline constexpr std::size_t kRowsAtOnce = 2;

/// Eight numbers of a block; `Scaled` formats have a scale per 32 elements of a head.
struct CachedF32 {
  static constexpr std::size_t kBytes = 4;
  static constexpr bool kScaled = false;
  static __m256 load(const std::byte* from) { return StoredF32::load(from); }
};

struct CachedF16 {
  static constexpr std::size_t kBytes = 2;
  static constexpr bool kScaled = false;
  static __m256 load(const std::byte* from) { return StoredF16::load(from); }
};

struct CachedQ8 {
  static constexpr std::size_t kBytes = 1;
  static constexpr bool kScaled = true;
  static __m256 load(const std::byte* from) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
  }
};

static inline float half_at(const std::byte* from) {
  std::uint16_t half = 0;
  std::memcpy(&half, from, sizeof half);
  return _cvtsh_ss(half);
}

template <class Cached, int kRows>
static inline void add_products(const PageTask& task, std::size_t d_begin, std::size_t d_end,
                                __m256 (&sums)[kRows][kScoreVectors]) {
  const float* const* q = task.args.q + task.first;
  for (std::size_t d = d_begin; d < d_end; ++d) {
    const std::byte* keys = task.block + (d * kPagePositions * Cached::kBytes);
    __m256 element[kRows];
    for (std::size_t r = 0; r < kRows; ++r) {
      element[r] = _mm256_broadcast_ss(q[r] + d);
    }
    for (std::size_t v = 0; v < kScoreVectors; ++v) {
      const __m256 key = Cached::load(keys + (v * kLanes * Cached::kBytes));
      for (std::size_t r = 0; r < kRows; ++r) {
        sums[r][v] = _mm256_fmadd_ps(element[r], key, sums[r][v]);
      }
    }
  }
}

template <class Cached, int kRows>
static inline void score_page(const PageTask& task, float (&scores)[kRows][kPagePositions]) {
  __m256 sums[kRows][kScoreVectors];
  for (auto& of_row : sums) {
    for (__m256& sum : of_row) sum = _mm256_setzero_ps();
  }
  const std::size_t head_dim = task.args.head_dim;
  if constexpr (Cached::kScaled) {
    const std::byte* scales = task.block + (2 * kPagePositions * head_dim);
    for (std::size_t g = 0; g < head_dim / 32; ++g) {
      __m256 group[kRows][kScoreVectors];
      for (auto& of_row : group) {
        for (__m256& sum : of_row) sum = _mm256_setzero_ps();
      }
      add_products<Cached, kRows>(task, 32 * g, 32 * (g + 1), group);
      for (std::size_t v = 0; v < kScoreVectors; ++v) {
        const __m256 scale = StoredF16::load(scales + (((g * kPagePositions) + (v * kLanes)) * 2));
        for (std::size_t r = 0; r < kRows; ++r) {
          sums[r][v] = _mm256_fmadd_ps(group[r][v], scale, sums[r][v]);
        }
      }
    }
  } else {
    add_products<Cached, kRows>(task, 0, head_dim, sums);
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kScoreVectors; ++v) {
      _mm256_storeu_ps(scores[r] + (v * kLanes), sums[r][v]);
    }
  }
}

/// Turns the scores of the visible positions [low, high) of the page into weights, zero elsewhere,
/// and returns by how much earlier sums shrink.
static inline float weigh(float* scores, std::size_t low, std::size_t high, float softcap,
                          Running& running) {
  const __m256i low_lanes = _mm256_set1_epi32(static_cast<int>(low));
  const __m256i high_lanes = _mm256_set1_epi32(static_cast<int>(high));
  const __m256 nothing = _mm256_set1_ps(-HUGE_VALF);
  __m256 masked[kScoreVectors];
  __m256 max = nothing;
  for (std::size_t v = 0; v < kScoreVectors; ++v) {
    const __m256i lane = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                                          _mm256_set1_epi32(static_cast<int>(v * kLanes)));
    const __m256i hidden = _mm256_or_si256(
        _mm256_cmpgt_epi32(low_lanes, lane),
        _mm256_xor_si256(_mm256_cmpgt_epi32(high_lanes, lane), _mm256_set1_epi32(-1)));
    __m256 score = _mm256_loadu_ps(scores + (v * kLanes));
    if (softcap > 0.0F) score = capped(score, softcap);
    masked[v] = _mm256_blendv_ps(score, nothing, _mm256_castsi256_ps(hidden));
    max = _mm256_max_ps(masked[v], max);
  }
  const float largest = running.largest > max_lanes(max) ? running.largest : max_lanes(max);
  const __m256 shift = _mm256_set1_ps(largest);
  __m256 sums = _mm256_setzero_ps();
  for (std::size_t v = 0; v < kScoreVectors; ++v) {
    const __m256 e = exp_lanes(_mm256_sub_ps(masked[v], shift));
    _mm256_storeu_ps(scores + (v * kLanes), e);
    sums = _mm256_add_ps(sums, e);
  }
  const float shrink = _mm256_cvtss_f32(exp_lanes(_mm256_set1_ps(running.largest - largest)));
  running.sum = (running.sum * shrink) + sum_lanes(sums);
  running.largest = largest;
  return shrink;
}

/// out[0 .. 8 kVectors) = shrink * out + sum_p weights[p] * value[p], elements from d.
template <class Cached, int kRows, int kVectors>
static inline void add_values(const PageTask& task, const float (&weights)[kRows][kPagePositions],
                              const float (&shrink)[kRows], std::size_t low, std::size_t high,
                              std::size_t d) {
  const std::size_t head_dim = task.args.head_dim;
  const std::byte* values = task.block + (((kPagePositions * head_dim) + d) * Cached::kBytes);
  const std::byte* scales = task.block + (2 * kPagePositions * head_dim) +
                            (kPagePositions * (head_dim / 32) * 2) + (d / 32 * 2);
  __m256 sums[kRows][kVectors];
  float* const* out = task.args.out + task.first;
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[r][v] =
          _mm256_mul_ps(_mm256_loadu_ps(out[r] + d + (v * kLanes)), _mm256_set1_ps(shrink[r]));
    }
  }
  for (std::size_t p = low; p < high; ++p) {
    __m256 weight[kRows];
    for (std::size_t r = 0; r < kRows; ++r) weight[r] = _mm256_set1_ps(weights[r][p]);
    if constexpr (Cached::kScaled) {
      const __m256 scale = _mm256_set1_ps(half_at(scales + (p * (head_dim / 32) * 2)));
      for (std::size_t r = 0; r < kRows; ++r) weight[r] = _mm256_mul_ps(weight[r], scale);
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      const __m256 value =
          Cached::load(values + (((p * head_dim) + (v * kLanes)) * Cached::kBytes));
      for (std::size_t r = 0; r < kRows; ++r) {
        sums[r][v] = _mm256_fmadd_ps(weight[r], value, sums[r][v]);
      }
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      _mm256_storeu_ps(out[r] + d + (v * kLanes), sums[r][v]);
    }
  }
}

template <class Cached>
static inline float value_at(const PageTask& task, std::size_t p, std::size_t d) {
  const std::size_t at = (kPagePositions * task.args.head_dim) + (p * task.args.head_dim) + d;
  if constexpr (Cached::kBytes == 4) return reinterpret_cast<const float*>(task.block)[at];
  return half_at(task.block + (at * 2));
}

/// The last head_dim % 8 elements, one by one.
template <class Cached, int kRows>
static inline void add_last_values(const PageTask& task,
                                   const float (&weights)[kRows][kPagePositions],
                                   const float (&shrink)[kRows], std::size_t low, std::size_t high,
                                   std::size_t d) {
  for (; d < task.args.head_dim; ++d) {
    for (std::size_t r = 0; r < kRows; ++r) {
      float& out = task.args.out[task.first + r][d];
      float sum = out * shrink[r];
      for (std::size_t p = low; p < high; ++p) sum += weights[r][p] * value_at<Cached>(task, p, d);
      out = sum;
    }
  }
}

/// The weighted values of the positions [low, high), to all elements of the head.
template <class Cached, int kRows>
static inline void add_page(const PageTask& task, const float (&weights)[kRows][kPagePositions],
                            const float (&shrink)[kRows], std::size_t low, std::size_t high) {
  const std::size_t head_dim = task.args.head_dim;
  std::size_t d = 0;
  for (; d + (4 * kLanes) <= head_dim; d += 4 * kLanes) {
    add_values<Cached, kRows, 4>(task, weights, shrink, low, high, d);
  }
  for (; d + kLanes <= head_dim; d += kLanes) {
    add_values<Cached, kRows, 1>(task, weights, shrink, low, high, d);
  }
  if constexpr (!Cached::kScaled) {
    add_last_values<Cached, kRows>(task, weights, shrink, low, high, d);
  }
}

#include "frugal/kernels/attend_loops.h"

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
