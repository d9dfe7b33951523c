// The scores are a matrix product: keys as stored rows, the query as the one activation row.  The
// output keeps up to kVectors vectors of sums in registers while it walks the positions.

#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

/// The cached values of one head, without their type.
struct ValueRows {
  const std::byte* data;
  std::size_t row_bytes;
  std::size_t count;
  const float* weights;  ///< [count]
};

/// out[0..8 kVectors) = sum_p weights[p] * values[p][first ..].
template <class Stored, int kVectors>
static void weighted_sum(const ValueRows& values, std::size_t first, float* out) {
  const std::byte* from = values.data + (first * Stored::kBytes);
  __m256 sums[kVectors];
  for (__m256& sum : sums) sum = _mm256_setzero_ps();
  for (std::size_t p = 0; p < values.count; ++p, from += values.row_bytes) {
    const __m256 weight = _mm256_set1_ps(values.weights[p]);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const __m256 value = Stored::load(from + (v * kLanes * Stored::kBytes));
      sums[v] = _mm256_fmadd_ps(weight, value, sums[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) _mm256_storeu_ps(out + (v * kLanes), sums[v]);
}

/// The same for the last `left` < 8 dimensions.
template <class Stored>
static void weighted_sum_tail(const ValueRows& values, std::size_t first, std::size_t left,
                              float* out) {
  const std::byte* from = values.data + (first * Stored::kBytes);
  __m256 sum = _mm256_setzero_ps();
  for (std::size_t p = 0; p < values.count; ++p, from += values.row_bytes) {
    const __m256 weight = _mm256_set1_ps(values.weights[p]);
    sum = _mm256_fmadd_ps(weight, Stored::load_first(from, left), sum);
  }
  store_first(out, left, sum);
}

template <class Stored, class T>
static void attend(const AttendArgs<T>& args, void (*matmul)(const MatmulArgs&)) {
  const std::size_t row_bytes = args.stride * sizeof(T);
  matmul({.weights = reinterpret_cast<const std::byte*>(args.keys),
          .row_bytes = row_bytes,
          .rows = args.count,
          .cols = args.head_dim,
          .x = args.q,
          .x_stride = args.head_dim,
          .x_blocks = nullptr,
          .batch = 1,
          .out = args.scores,
          .out_stride = args.count});
  softmax_row(args.scores, args.count);
  const ValueRows values{reinterpret_cast<const std::byte*>(args.values), row_bytes, args.count,
                         args.scores};
  std::size_t d = 0;
  for (; d + (8 * kLanes) <= args.head_dim; d += 8 * kLanes) {
    weighted_sum<Stored, 8>(values, d, args.out + d);
  }
  for (; d + kLanes <= args.head_dim; d += kLanes) {
    weighted_sum<Stored, 1>(values, d, args.out + d);
  }
  if (d < args.head_dim) {
    weighted_sum_tail<Stored>(values, d, args.head_dim - d, args.out + d);
  }
}

void attend_f32(const AttendArgs<float>& args) {
  attend<StoredF32>(args, matmul_f32);
}

void attend_f16(const AttendArgs<std::uint16_t>& args) {
  attend<StoredF16>(args, matmul_f16);
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
