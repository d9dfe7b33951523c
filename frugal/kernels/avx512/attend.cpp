// The scores are a matrix product: keys as stored rows, the query as the one activation row.  The
// output keeps up to kVectors vectors of sums in registers while it walks the positions.

#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

/// The cached values of one head, without their type.
struct ValueRows {
  const std::byte* data;
  std::size_t row_bytes;
  std::size_t count;
  const float* weights;  ///< [count]
};

/// out[d] = sum_p weights[p] * values[p][first + d] for the 16 kVectors dimensions from `first`, of
/// which the last vector has only the lanes of `last`.
template <class Stored, int kVectors>
static void weighted_sum(const ValueRows& values, std::size_t first, __mmask16 last, float* out) {
  constexpr std::size_t kLast = kVectors - 1;
  const std::byte* from = values.data + (first * Stored::kBytes);
  __m512 sums[kVectors];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  for (std::size_t p = 0; p < values.count; ++p, from += values.row_bytes) {
    const __m512 weight = _mm512_set1_ps(values.weights[p]);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const __mmask16 lanes = v == kLast ? last : first_lanes(kLanes);
      const __m512 value = Stored::load(from + (v * kLanes * Stored::kBytes), lanes);
      sums[v] = _mm512_fmadd_ps(weight, value, sums[v]);
    }
  }
  for (std::size_t v = 0; v < kLast; ++v) _mm512_storeu_ps(out + (v * kLanes), sums[v]);
  store(out + (kLast * kLanes), last, sums[kLast]);
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
  for (; d + (4 * kLanes) <= args.head_dim; d += 4 * kLanes) {
    weighted_sum<Stored, 4>(values, d, first_lanes(kLanes), args.out + d);
  }
  for (; d < args.head_dim; d += kLanes) {
    weighted_sum<Stored, 1>(values, d, first_lanes(args.head_dim - d), args.out + d);
  }
}

void attend_f32(const AttendArgs<float>& args) {
  attend<StoredF32>(args, matmul_f32);
}

void attend_f16(const AttendArgs<std::uint16_t>& args) {
  attend<StoredF16>(args, matmul_f16);
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
