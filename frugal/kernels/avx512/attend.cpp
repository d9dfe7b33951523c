// As in the avx2 folder, with sixteen lanes, four query rows at a time, and masks for what a row
// does not see and for the end of a head.

#include <cmath>

#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

inline constexpr std::size_t kScoreVectors = kPagePositions / kLanes;

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

/// One page for the rows [first, first + kRows).
struct PageTask {
  const AttendArgs& args;
  const std::byte* block;
  std::size_t first;
  std::size_t from;  ///< first position of the page
};

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

/// Where the running softmax of a row stands.
struct Running {
  float largest;
  float sum;
};

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

template <class Cached, int kRows>
static inline void attend_page(const PageTask& task, Running* running) {
  const AttendArgs& args = task.args;
  float scores[kRows][kPagePositions];
  score_page<Cached, kRows>(task, scores);
  float shrink[kRows];
  std::size_t low = kPagePositions;
  std::size_t high = 0;
  for (std::size_t r = 0; r < kRows; ++r) {
    const std::size_t begin = args.begin[task.first + r];
    const std::size_t end = args.end[task.first + r];
    const std::size_t from = begin > task.from ? begin - task.from : 0;
    const std::size_t to = end > task.from ? end - task.from : 0;
    const std::size_t last = to < kPagePositions ? to : kPagePositions;
    if (from >= last) {  // the row sees nothing of this page
      shrink[r] = 1.0F;
      for (float& score : scores[r]) score = 0.0F;
      continue;
    }
    shrink[r] = weigh(scores[r], from, last, args.softcap, running[r]);
    low = from < low ? from : low;
    high = last > high ? last : high;
  }
  if (low >= high) return;
  std::size_t d = 0;
  // A scale belongs to 32 elements, so scaled values take two vectors at a time.
  constexpr int kVectors = Cached::kScaled ? 2 : 4;
  for (; d + (kVectors * kLanes) <= args.head_dim; d += kVectors * kLanes) {
    add_values<Cached, kRows, kVectors>(task, scores, shrink, low, high, d);
  }
  for (; d < args.head_dim; d += kLanes) {
    add_values<Cached, kRows, 1>(task, scores, shrink, low, high, d);
  }
}

template <class Cached, int kRows>
static void attend_rows(const AttendArgs& args, std::size_t first) {
  Running running[kRows];
  std::size_t begin = args.begin[first];
  std::size_t end = args.end[first];
  for (std::size_t r = 0; r < kRows; ++r) {
    running[r] = {-HUGE_VALF, 0.0F};
    begin = args.begin[first + r] < begin ? args.begin[first + r] : begin;
    end = args.end[first + r] > end ? args.end[first + r] : end;
    float* out = args.out[first + r];
    for (std::size_t d = 0; d < args.head_dim; ++d) out[d] = 0.0F;
  }
  for (std::size_t page = begin / kPagePositions; page * kPagePositions < end; ++page) {
    attend_page<Cached, kRows>({args, args.pages[page], first, page * kPagePositions}, running);
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    float* out = args.out[first + r];
    for (std::size_t d = 0; d < args.head_dim; ++d) out[d] /= running[r].sum;
  }
}

template <class Cached>
static void attend(const AttendArgs& args) {
  std::size_t row = 0;
  for (; row + 4 <= args.rows; row += 4) attend_rows<Cached, 4>(args, row);
  for (; row < args.rows; ++row) attend_rows<Cached, 1>(args, row);
}

void attend_f32(const AttendArgs& args) {
  attend<CachedF32>(args);
}

void attend_f16(const AttendArgs& args) {
  attend<CachedF16>(args);
}

void attend_q8_0(const AttendArgs& args) {
  attend<CachedQ8>(args);
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
