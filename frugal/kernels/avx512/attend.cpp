// As in the avx2 folder, with sixteen lanes, four query rows at a time, and masks for what a row
// does not see and for the end of a head.

#include <cmath>

#include "frugal/kernels/attend_page.h"
#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

inline constexpr std::size_t kScoreVectors = kPagePositions / kLanes;
inline constexpr std::size_t kRowsAtOnce = 4;

/// Sixteen numbers of a block; `kScaled` formats have a scale per 32 elements of a head.
struct CachedF32 {
  static constexpr std::size_t kBytes = 4;
  static constexpr bool kScaled = false;
  static __m512 load(const std::byte* from, __mmask16 lanes) {
    return StoredF32::load(from, lanes);
  }
};

struct CachedF16 {
  static constexpr std::size_t kBytes = 2;
  static constexpr bool kScaled = false;
  static __m512 load(const std::byte* from, __mmask16 lanes) {
    return StoredF16::load(from, lanes);
  }
};

struct CachedQ8 {
  static constexpr std::size_t kBytes = 1;
  static constexpr bool kScaled = true;
  static __m512 load(const std::byte* from, __mmask16 lanes) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(lanes, from)));
  }
};

static inline float half_at(const std::byte* from) {
  std::uint16_t half = 0;
  std::memcpy(&half, from, sizeof half);
  return _cvtsh_ss(half);
}

template <class Cached, int kRows>
static inline void add_products(const PageTask& task, std::size_t d_begin, std::size_t d_end,
                                __m512 (&sums)[kRows][kScoreVectors]) {
  const float* const* q = task.args.q + task.first;
  for (std::size_t d = d_begin; d < d_end; ++d) {
    const std::byte* keys = task.block + (d * kPagePositions * Cached::kBytes);
    for (std::size_t v = 0; v < kScoreVectors; ++v) {
      const __m512 key = Cached::load(keys + (v * kLanes * Cached::kBytes), 0xFFFF);
      for (std::size_t r = 0; r < kRows; ++r) {
        const __m512 element = _mm512_set1_ps(q[r][d]);
        sums[r][v] = _mm512_fmadd_ps(element, key, sums[r][v]);
      }
    }
  }
}

template <class Cached, int kRows>
static inline void score_page(const PageTask& task, float (&scores)[kRows][kPagePositions]) {
  __m512 sums[kRows][kScoreVectors];
  for (auto& of_row : sums) {
    for (__m512& sum : of_row) sum = _mm512_setzero_ps();
  }
  const std::size_t head_dim = task.args.head_dim;
  if constexpr (Cached::kScaled) {
    const std::byte* scales = task.block + (2 * kPagePositions * head_dim);
    for (std::size_t g = 0; g < head_dim / 32; ++g) {
      __m512 group[kRows][kScoreVectors];
      for (auto& of_row : group) {
        for (__m512& sum : of_row) sum = _mm512_setzero_ps();
      }
      add_products<Cached, kRows>(task, 32 * g, 32 * (g + 1), group);
      for (std::size_t v = 0; v < kScoreVectors; ++v) {
        const __m512 scale =
            StoredF16::load(scales + (((g * kPagePositions) + (v * kLanes)) * 2), 0xFFFF);
        for (std::size_t r = 0; r < kRows; ++r) {
          sums[r][v] = _mm512_fmadd_ps(group[r][v], scale, sums[r][v]);
        }
      }
    }
  } else {
    add_products<Cached, kRows>(task, 0, head_dim, sums);
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kScoreVectors; ++v) {
      _mm512_storeu_ps(scores[r] + (v * kLanes), sums[r][v]);
    }
  }
}

/// Turns the scores of the visible positions [low, high) of the page into weights, zero elsewhere,
/// and returns by how much earlier sums shrink.
static inline float weigh(float* scores, std::size_t low, std::size_t high, float softcap,
                          Running& running) {
  const auto below_high = high >= 32 ? 0xFFFFFFFFU : (1U << high) - 1U;
  const std::uint32_t visible = below_high & ~((1U << low) - 1U);
  const __m512 nothing = _mm512_set1_ps(-HUGE_VALF);
  __m512 masked[kScoreVectors];
  __m512 max = nothing;
  for (std::size_t v = 0; v < kScoreVectors; ++v) {
    const auto lanes = static_cast<__mmask16>((visible >> (v * kLanes)) & 0xFFFFU);
    __m512 score = _mm512_loadu_ps(scores + (v * kLanes));
    if (softcap > 0.0F) score = capped(score, softcap);
    masked[v] = _mm512_mask_mov_ps(nothing, lanes, score);
    max = _mm512_max_ps(masked[v], max);
  }
  const float of_page = _mm512_reduce_max_ps(max);
  const float largest = running.largest > of_page ? running.largest : of_page;
  const __m512 shift = _mm512_set1_ps(largest);
  __m512 sums = _mm512_setzero_ps();
  for (std::size_t v = 0; v < kScoreVectors; ++v) {
    const __m512 e = exp_lanes(_mm512_sub_ps(masked[v], shift));
    _mm512_storeu_ps(scores + (v * kLanes), e);
    sums = _mm512_add_ps(sums, e);
  }
  const float shrink = _mm512_cvtss_f32(exp_lanes(_mm512_set1_ps(running.largest - largest)));
  running.sum = (running.sum * shrink) + _mm512_reduce_add_ps(sums);
  running.largest = largest;
  return shrink;
}

/// out[0 .. 16 kVectors) = shrink * out + sum_p weights[p] * value[p], elements from d; the last
/// vector has `lanes`.
template <class Cached, int kRows, int kVectors>
static inline void add_values(const PageTask& task, const float (&weights)[kRows][kPagePositions],
                              const float (&shrink)[kRows], std::size_t low, std::size_t high,
                              std::size_t d) {
  const std::size_t head_dim = task.args.head_dim;
  const std::byte* values = task.block + (((kPagePositions * head_dim) + d) * Cached::kBytes);
  const std::byte* scales = task.block + (2 * kPagePositions * head_dim) +
                            (kPagePositions * (head_dim / 32) * 2) + (d / 32 * 2);
  float* const* out = task.args.out + task.first;
  __mmask16 lanes[kVectors];
  __m512 sums[kRows][kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    lanes[v] = first_lanes(head_dim - d - (v * kLanes));
    for (std::size_t r = 0; r < kRows; ++r) {
      const float* from = out[r] + d + (v * kLanes);
      sums[r][v] = _mm512_mul_ps(load(from, lanes[v]), _mm512_set1_ps(shrink[r]));
    }
  }
  for (std::size_t p = low; p < high; ++p) {
    __m512 weight[kRows];
    for (std::size_t r = 0; r < kRows; ++r) weight[r] = _mm512_set1_ps(weights[r][p]);
    if constexpr (Cached::kScaled) {
      const __m512 scale = _mm512_set1_ps(half_at(scales + (p * (head_dim / 32) * 2)));
      for (std::size_t r = 0; r < kRows; ++r) weight[r] = _mm512_mul_ps(weight[r], scale);
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      const __m512 value =
          Cached::load(values + (((p * head_dim) + (v * kLanes)) * Cached::kBytes), lanes[v]);
      for (std::size_t r = 0; r < kRows; ++r) {
        sums[r][v] = _mm512_fmadd_ps(weight[r], value, sums[r][v]);
      }
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      store(out[r] + d + (v * kLanes), lanes[v], sums[r][v]);
    }
  }
}

/// The weighted values of the positions [low, high), to all elements of the head.
template <class Cached, int kRows>
static inline void add_page(const PageTask& task, const float (&weights)[kRows][kPagePositions],
                            const float (&shrink)[kRows], std::size_t low, std::size_t high) {
  const std::size_t head_dim = task.args.head_dim;
  std::size_t d = 0;
  // A scale belongs to 32 elements, so scaled values take two vectors at a time.
  constexpr int kVectors = Cached::kScaled ? 2 : 4;
  for (; d + (kVectors * kLanes) <= head_dim; d += kVectors * kLanes) {
    add_values<Cached, kRows, kVectors>(task, weights, shrink, low, high, d);
  }
  for (; d < head_dim; d += kLanes) {
    add_values<Cached, kRows, 1>(task, weights, shrink, low, high, d);
  }
}

#include "frugal/kernels/attend_loops.h"

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
