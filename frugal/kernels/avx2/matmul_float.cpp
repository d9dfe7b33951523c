// A tile of kRows stored rows times kBatch activation rows keeps all its sums in registers, so that
// each loaded weight serves kBatch products and each loaded activation kRows.  4 x 3 sums, three
// activations and one weight are the sixteen registers there are.

#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

template <class Stored, int kRows, int kBatch>
static void multiply_tile(const MatmulArgs& args, std::size_t row, std::size_t first) {
  const std::byte* w = args.weights + (row * args.row_bytes);
  const float* x = args.x + (first * args.x_stride);
  __m256 sums[kRows][kBatch];
  __m256 xs[kBatch];
  for (auto& sums_of_row : sums) {
    for (__m256& sum : sums_of_row) sum = _mm256_setzero_ps();
  }
  std::size_t c = 0;
  for (; c + kLanes <= args.cols; c += kLanes) {
    for (std::size_t n = 0; n < kBatch; ++n) xs[n] = _mm256_loadu_ps(x + (n * args.x_stride) + c);
    for (std::size_t r = 0; r < kRows; ++r) {
      const __m256 v = Stored::load(w + (r * args.row_bytes) + (c * Stored::kBytes));
      for (std::size_t n = 0; n < kBatch; ++n) sums[r][n] = _mm256_fmadd_ps(v, xs[n], sums[r][n]);
    }
  }
  if (c < args.cols) {
    const std::size_t left = args.cols - c;
    for (std::size_t n = 0; n < kBatch; ++n) xs[n] = load_first(x + (n * args.x_stride) + c, left);
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::byte* from = w + (r * args.row_bytes) + (c * Stored::kBytes);
      const __m256 v = Stored::load_first(from, left);
      for (std::size_t n = 0; n < kBatch; ++n) sums[r][n] = _mm256_fmadd_ps(v, xs[n], sums[r][n]);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t n = 0; n < kBatch; ++n) {
      args.out[((first + n) * args.out_stride) + row + r] = sum_lanes(sums[r][n]);
    }
  }
}

template <class Stored, int kRows>
static void multiply_rows(const MatmulArgs& args, std::size_t row) {
  std::size_t n = 0;
  for (; n + 3 <= args.batch; n += 3) multiply_tile<Stored, kRows, 3>(args, row, n);
  if (n + 2 <= args.batch) {
    multiply_tile<Stored, kRows, 2>(args, row, n);
  } else if (n < args.batch) {
    multiply_tile<Stored, kRows, 1>(args, row, n);
  }
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

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
