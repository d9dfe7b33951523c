// Tiles as in matmul_float.cpp; one step is one block of 32.  Each format says how to unpack a
// block of weights once, how to prepare a block of activations once, and how to multiply the two
// into eight int32 whose sum is the exact product:
//
//   Q8_0  both sides widened to int16, pmaddwd.  (pmaddubsw with the sign trick would be one
//         instruction shorter but wrong for a weight of -128 or an activation of -128.)
//   Q4_0  pmaddubsw takes the nibbles unsigned, 0..15; the offset 8 is multiplied with the
//         activations alone, once for all rows.  |sum of a pair| <= 2 * 15 * 128 + 2 * 8 * 128 fits
//         int16, so nothing saturates.
//
// The lanes are scaled by d_w * d_x and added in float32; no horizontal sum until the row ends.

#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

/// A binary16 number from any address, in all lanes.
static inline __m256 load_scale(const void* from) {
  std::int16_t half = 0;
  std::memcpy(&half, from, sizeof half);
  return _mm256_cvtph_ps(_mm_set1_epi16(half));
}

/// 32 int8 as int16.
struct Wide {
  __m256i low;
  __m256i high;
};

static inline Wide load_wide(const std::byte* from) {
  const auto* parts = reinterpret_cast<const __m128i*>(from);
  return {_mm256_cvtepi8_epi16(_mm_loadu_si128(parts)),
          _mm256_cvtepi8_epi16(_mm_loadu_si128(parts + 1))};
}

struct FormatQ8 {
  using Weights = Wide;
  using Inputs = Wide;
  static constexpr std::size_t kBytes = sizeof(BlockQ8_0);
  static Weights load_weights(const std::byte* values) { return load_wide(values); }
  static Inputs load_inputs(const std::byte* values) { return load_wide(values); }
  static __m256i dot(const Weights& w, const Inputs& x) {
    return _mm256_add_epi32(_mm256_madd_epi16(w.low, x.low), _mm256_madd_epi16(w.high, x.high));
  }
};

struct FormatQ4 {
  struct Weights {
    __m256i nibbles;  ///< 0..15
  };
  struct Inputs {
    __m256i values;
    __m256i eightfold;  ///< int16: 8 times the sum of each pair of values
  };
  static constexpr std::size_t kBytes = sizeof(BlockQ4_0);
  static Weights load_weights(const std::byte* values) {
    const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values));
    const __m256i shifts = _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4);
    const __m256i shifted = _mm256_srlv_epi32(_mm256_broadcastsi128_si256(packed), shifts);
    return {_mm256_and_si256(shifted, _mm256_set1_epi8(15))};
  }
  static Inputs load_inputs(const std::byte* values) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
    return {v, _mm256_maddubs_epi16(_mm256_set1_epi8(8), v)};
  }
  static __m256i dot(const Weights& w, const Inputs& x) {
    const __m256i pairs = _mm256_sub_epi16(_mm256_maddubs_epi16(w.nibbles, x.values), x.eightfold);
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  }
};

template <class Format, int kRows, int kBatch>
static void multiply_tile(const MatmulArgs& args, std::size_t row, std::size_t first) {
  const std::size_t blocks = args.cols / 32;
  const std::byte* w = args.weights + (row * args.row_bytes);
  const auto* x = reinterpret_cast<const std::byte*>(args.x_blocks + (first * blocks));
  __m256 sums[kRows][kBatch];
  for (auto& sums_of_row : sums) {
    for (__m256& sum : sums_of_row) sum = _mm256_setzero_ps();
  }
  for (std::size_t b = 0; b < blocks; ++b) {
    typename Format::Inputs xs[kBatch];
    __m256 x_scales[kBatch];
    for (std::size_t n = 0; n < kBatch; ++n) {
      const std::byte* from = x + (((n * blocks) + b) * sizeof(BlockQ8_0));
      x_scales[n] = load_scale(from);
      xs[n] = Format::load_inputs(from + 2);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::byte* from = w + (r * args.row_bytes) + (b * Format::kBytes);
      const __m256 w_scale = load_scale(from);
      const typename Format::Weights ws = Format::load_weights(from + 2);
      for (std::size_t n = 0; n < kBatch; ++n) {
        const __m256 exact = _mm256_cvtepi32_ps(Format::dot(ws, xs[n]));
        sums[r][n] = _mm256_fmadd_ps(_mm256_mul_ps(w_scale, x_scales[n]), exact, sums[r][n]);
      }
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t n = 0; n < kBatch; ++n) {
      args.out[((first + n) * args.out_stride) + row + r] = sum_lanes(sums[r][n]);
    }
  }
}

template <class Format, int kRows>
static void multiply_rows(const MatmulArgs& args, std::size_t row) {
  std::size_t n = 0;
  for (; n + 2 <= args.batch; n += 2) multiply_tile<Format, kRows, 2>(args, row, n);
  if (n < args.batch) multiply_tile<Format, kRows, 1>(args, row, n);
}

template <class Format>
static void multiply(const MatmulArgs& args) {
  std::size_t row = 0;
  for (; row + 4 <= args.rows; row += 4) multiply_rows<Format, 4>(args, row);
  for (; row < args.rows; ++row) multiply_rows<Format, 1>(args, row);
}

void matmul_q8_0(const MatmulArgs& args) {
  multiply<FormatQ8>(args);
}

void matmul_q4_0(const MatmulArgs& args) {
  multiply<FormatQ4>(args);
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
