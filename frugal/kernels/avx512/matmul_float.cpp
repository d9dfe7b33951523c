// Tiles as in avx2/matmul_float.cpp; 4 x 4 sums, four activations and one weight leave registers to
// spare.

#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

template <class Stored, int kRows, int kBatch>
static void multiply_tile(const MatmulArgs& args, std::size_t row, std::size_t first) {
  const std::byte* w = args.weights + (row * args.row_bytes);
  const float* x = args.x + (first * args.x_stride);
  __m512 sums[kRows][kBatch];
  for (auto& sums_of_row : sums) {
    for (__m512& sum : sums_of_row) sum = _mm512_setzero_ps();
  }
  for (std::size_t c = 0; c < args.cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(args.cols - c);
    __m512 xs[kBatch];
    for (std::size_t n = 0; n < kBatch; ++n) xs[n] = load(x + (n * args.x_stride) + c, lanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::byte* from = w + (r * args.row_bytes) + (c * Stored::kBytes);
      const __m512 v = Stored::load(from, lanes);
      for (std::size_t n = 0; n < kBatch; ++n) sums[r][n] = _mm512_fmadd_ps(v, xs[n], sums[r][n]);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t n = 0; n < kBatch; ++n) {
      args.out[((first + n) * args.out_stride) + row + r] = _mm512_reduce_add_ps(sums[r][n]);
    }
  }
}

template <class Stored, int kRows>
static void multiply_rows(const MatmulArgs& args, std::size_t row) {
  std::size_t n = 0;
  for (; n + 4 <= args.batch; n += 4) multiply_tile<Stored, kRows, 4>(args, row, n);
  if (n + 2 <= args.batch) {
    multiply_tile<Stored, kRows, 2>(args, row, n);
    n += 2;
  }
  if (n < args.batch) multiply_tile<Stored, kRows, 1>(args, row, n);
}

template <class Stored>
static void multiply(const MatmulArgs& args) {
  std::size_t row = 0;
  for (; row + 4 <= args.rows; row += 4) multiply_rows<Stored, 4>(args, row);
  for (; row < args.rows; ++row) multiply_rows<Stored, 1>(args, row);
}

void matmul_f32(const MatmulArgs& args) {
  multiply<StoredF32>(args);
}

void matmul_f16(const MatmulArgs& args) {
  multiply<StoredF16>(args);
}

void matmul_bf16(const MatmulArgs& args) {
  multiply<StoredBf16>(args);
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
