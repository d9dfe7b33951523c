// One block of 32 as int16 fills one register, so Q8_0 and Q4_0 differ only in how weights are
// unpacked: vpmaddwd gives sixteen int32 whose sum is the exact product of the two blocks, for
// every byte including -128.  They are scaled by d_w * d_x and added in float32; no horizontal sum
// until the row ends.

#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

/// A binary16 number from any address, in all lanes.
static inline __m512 load_scale(const void* from) {
  std::int16_t half = 0;
  std::memcpy(&half, from, sizeof half);
  return _mm512_cvtph_ps(_mm256_set1_epi16(half));
}

struct FormatQ8 {
  static constexpr std::size_t kBytes = sizeof(BlockQ8_0);
  static __m512i load(const std::byte* values) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
  }
};

struct FormatQ4 {
  static constexpr std::size_t kBytes = sizeof(BlockQ4_0);
  static __m512i load(const std::byte* values) {
    const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values));
    const __m256i shifts = _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4);
    const __m256i shifted = _mm256_srlv_epi32(_mm256_broadcastsi128_si256(packed), shifts);
    const __m256i nibbles = _mm256_and_si256(shifted, _mm256_set1_epi8(15));
    return _mm512_cvtepi8_epi16(_mm256_sub_epi8(nibbles, _mm256_set1_epi8(8)));
  }
};

template <class Format, int kRows, int kBatch>
static void multiply_tile(const MatmulArgs& args, std::size_t row, std::size_t first) {
  const std::size_t blocks = args.cols / 32;
  const std::byte* w = args.weights + (row * args.row_bytes);
  const auto* x = reinterpret_cast<const std::byte*>(args.x_blocks + (first * blocks));
  __m512 sums[kRows][kBatch];
  for (auto& sums_of_row : sums) {
    for (__m512& sum : sums_of_row) sum = _mm512_setzero_ps();
  }
  for (std::size_t b = 0; b < blocks; ++b) {
    __m512i xs[kBatch];
    __m512 x_scales[kBatch];
    for (std::size_t n = 0; n < kBatch; ++n) {
      const std::byte* from = x + (((n * blocks) + b) * sizeof(BlockQ8_0));
      x_scales[n] = load_scale(from);
      xs[n] = FormatQ8::load(from + 2);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::byte* from = w + (r * args.row_bytes) + (b * Format::kBytes);
      const __m512 w_scale = load_scale(from);
      const __m512i ws = Format::load(from + 2);
      for (std::size_t n = 0; n < kBatch; ++n) {
        const __m512 exact = _mm512_cvtepi32_ps(_mm512_madd_epi16(ws, xs[n]));
        sums[r][n] = _mm512_fmadd_ps(_mm512_mul_ps(w_scale, x_scales[n]), exact, sums[r][n]);
      }
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t n = 0; n < kBatch; ++n) {
      args.out[((first + n) * args.out_stride) + row + r] = _mm512_reduce_add_ps(sums[r][n]);
    }
  }
}

template <class Format, int kRows>
static void multiply_rows(const MatmulArgs& args, std::size_t row) {
  std::size_t n = 0;
  for (; n + 4 <= args.batch; n += 4) multiply_tile<Format, kRows, 4>(args, row, n);
  if (n + 2 <= args.batch) {
    multiply_tile<Format, kRows, 2>(args, row, n);
    n += 2;
  }
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

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
