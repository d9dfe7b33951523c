// A panel times up to four activation rows at once.  Eight registers hold the sums of 16 rows x 4
// activation rows over one block of 32 columns; the float32 sums wait in the first-level cache.
// Per four columns, two registers of weights meet four broadcast words of activations.
//
//   kSmall    A lane of int16 collects 16 of the 32 products (u - zero) x; at most
//             16 * 16 * 127 = 32512 in magnitude, so it is exact at the end, even if it wraps on
//             the way: it starts at -zero * (the sum of its activations).  pmaddwd is needed once a
//             block only.  Without a zero, 16 * 15 * 127 = 30480 fits as well.
//   kGrouped  The same over 16 columns with 6 bits: 8 * 32 * 127 = 32512.  The int8 factors of the
//             groups are applied by the pmaddwd, to an int32 below 2^24, which float32 holds.
//   kSigned   A pair of products fills int16, so each needs its pmaddwd.  pmaddubsw wants one side
//             without sign: the weight gives its own to the activation.

#include "frugal/kernels/avx2/block_parts.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

static inline __m256i broadcast_word(const void* from) {
  std::int32_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return _mm256_set1_epi32(word);
}

static inline __m256i load_weights(const std::uint8_t* from) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

/// Left to itself, the compiler reorders these integer sums: it makes all products first, and
/// spills them.  An empty statement that might change the sum keeps each addition beside its
/// product.
static inline void add_int16(__m256i& sum, __m256i v) {
  sum = _mm256_add_epi16(sum, v);
  asm("" : "+x"(sum));
}

static inline void add_int32(__m256i& sum, __m256i v) {
  sum = _mm256_add_epi32(sum, v);
  asm("" : "+x"(sum));
}

constexpr int log2_of(int zero) {
  int log = 0;
  while ((1 << log) < zero) ++log;
  return log;
}

/// Exact sums of kBatch activation rows: [row of x][rows 0-7, rows 8-15].
template <int kBatch>
using Sums = __m256i[kBatch][2];

/// Pairs of int16 whose sum is that of (u - zero) x over the words [kFirst, kFirst + kWords).
template <int kZero, int kBatch, int kFirst, int kWords>
static inline void add_words(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                             const std::int16_t* (&pairs)[kBatch], Sums<kBatch>& sums) {
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) {
    __m256i start = _mm256_setzero_si256();
    if constexpr (kZero != 0) {
      start = _mm256_slli_epi16(broadcast_word(pairs[n]), log2_of(kZero));
      start = _mm256_sub_epi16(_mm256_setzero_si256(), start);
    }
    sums[n][0] = start;
    sums[n][1] = start;
  }
#pragma GCC unroll 8
  for (int k = kFirst; k < kFirst + kWords; ++k) {
    const __m256i low = load_weights(w.weights[k]);
    const __m256i high = load_weights(w.weights[k] + 32);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      const __m256i word = broadcast_word(x[n].values + (32 * b) + (4 * k));
      add_int16(sums[n][0], _mm256_maddubs_epi16(low, word));
      add_int16(sums[n][1], _mm256_maddubs_epi16(high, word));
    }
  }
}

template <int kBatch>
static inline void add_signed(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                              Sums<kBatch>& sums) {
  const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) sums[n][0] = sums[n][1] = _mm256_setzero_si256();
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) {
    const __m256i low = load_weights(w.weights[k]);
    const __m256i high = load_weights(w.weights[k] + 32);
    const __m256i abs_low = _mm256_abs_epi8(low);
    const __m256i abs_high = _mm256_abs_epi8(high);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      const __m256i word = broadcast_word(x[n].values + (32 * b) + (4 * k));
      const __m256i low_pairs = _mm256_maddubs_epi16(abs_low, _mm256_sign_epi8(word, low));
      const __m256i high_pairs = _mm256_maddubs_epi16(abs_high, _mm256_sign_epi8(word, high));
      add_int32(sums[n][0], _mm256_madd_epi16(low_pairs, ones));
      add_int32(sums[n][1], _mm256_madd_epi16(high_pairs, ones));
    }
  }
}

static inline __m256i load_groups(const PanelBlock& w, std::size_t group, std::size_t half) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(w.groups[group][8 * half]));
}

/// The exact sums of one block.
template <BlockFormat kFormat, int kBatch>
static inline void add_block(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                             Sums<kBatch>& sums) {
  const std::int16_t* pairs[kBatch];
  if constexpr (kFormat.arithmetic == Arithmetic::kSigned) {
    add_signed<kBatch>(w, x, b, sums);
  } else if constexpr (kFormat.arithmetic == Arithmetic::kSmall) {
    for (int n = 0; n < kBatch; ++n) pairs[n] = x[n].blocks[b].pairs;
    add_words<kFormat.zero, kBatch, 0, 8>(w, x, b, pairs, sums);
    const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      sums[n][0] = _mm256_madd_epi16(sums[n][0], ones);
      sums[n][1] = _mm256_madd_epi16(sums[n][1], ones);
    }
  } else {
    Sums<kBatch> second;
    for (int n = 0; n < kBatch; ++n) pairs[n] = x[n].blocks[b].half_pairs[0];
    add_words<kFormat.zero, kBatch, 0, 4>(w, x, b, pairs, sums);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      sums[n][0] = _mm256_madd_epi16(sums[n][0], load_groups(w, 0, 0));
      sums[n][1] = _mm256_madd_epi16(sums[n][1], load_groups(w, 0, 1));
    }
    for (int n = 0; n < kBatch; ++n) pairs[n] = x[n].blocks[b].half_pairs[1];
    add_words<kFormat.zero, kBatch, 4, 4>(w, x, b, pairs, second);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      sums[n][0] =
          _mm256_add_epi32(sums[n][0], _mm256_madd_epi16(second[n][0], load_groups(w, 1, 0)));
      sums[n][1] =
          _mm256_add_epi32(sums[n][1], _mm256_madd_epi16(second[n][1], load_groups(w, 1, 1)));
    }
  }
}

/// Scales the exact sums of one block and adds them to `to`, in the order stated in matmul.h.
template <BlockFormat kFormat, int kBatch>
static inline void add_scaled(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                              const Sums<kBatch>& sums, float (&to)[kBatch][kPanelRows]) {
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) {
    const ActivationBlock& beside = x[n].blocks[b];
#pragma GCC unroll 2
    for (std::size_t half = 0; half < 2; ++half) {
      float* at = &to[n][8 * half];
      const __m256 scale =
          _mm256_mul_ps(_mm256_load_ps(&w.scales[8 * half]), _mm256_set1_ps(beside.scale));
      __m256 sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[n][half]), scale, _mm256_load_ps(at));
      if constexpr (kFormat.minima == 1) {
        sum = _mm256_fmadd_ps(_mm256_load_ps(&w.minima[0][8 * half]), _mm256_set1_ps(beside.sum),
                              sum);
      } else if constexpr (kFormat.minima == 2) {
        for (std::size_t g = 0; g < 2; ++g) {
          sum = _mm256_fmadd_ps(_mm256_load_ps(&w.minima[g][8 * half]),
                                _mm256_set1_ps(beside.half_sums[g]), sum);
        }
      }
      _mm256_store_ps(at, sum);
    }
  }
}

/// Copies `rows` floats; sixteen, the usual case, without a call.
static inline void copy_rows(float* to, const float* from, std::size_t rows) {
  if (rows == kPanelRows) {
    _mm256_storeu_ps(to, _mm256_loadu_ps(from));
    _mm256_storeu_ps(to + 8, _mm256_loadu_ps(from + 8));
  } else {
    std::memcpy(to, from, rows * sizeof(float));
  }
}

template <BlockFormat kFormat, int kBatch>
static void multiply_tile(const PanelArgs& args, std::size_t first) {
  Activation x[kBatch];
  alignas(32) float to[kBatch][kPanelRows] = {};
  float* out = args.out + (first * args.out_stride);
#pragma GCC unroll 8
  for (std::size_t n = 0; n < kBatch; ++n) {
    x[n] = activation(args.x, args.cols, first + n);
    if (!args.first) copy_rows(to[n], out + (n * args.out_stride), args.rows);
  }
  Ahead ahead = first == 0 ? args.ahead : Ahead{};
  for (std::size_t b = 0; b < args.blocks; ++b) {
    ahead.advance();
    Sums<kBatch> sums;
    add_block<kFormat, kBatch>(args.panel[b], x, b, sums);
    add_scaled<kFormat, kBatch>(args.panel[b], x, b, sums, to);
  }
#pragma GCC unroll 8
  for (std::size_t n = 0; n < kBatch; ++n) {
    copy_rows(out + (n * args.out_stride), to[n], args.rows);
  }
}

template <BlockFormat kFormat>
void multiply_panel(const PanelArgs& args) {
  std::size_t n = 0;
  for (; n + 4 <= args.batch; n += 4) multiply_tile<kFormat, 4>(args, n);
  switch (args.batch - n) {
    case 3:
      return multiply_tile<kFormat, 3>(args, n);
    case 2:
      return multiply_tile<kFormat, 2>(args, n);
    case 1:
      return multiply_tile<kFormat, 1>(args, n);
    default:
      return;
  }
}

#include "frugal/kernels/panel_formats.h"

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
