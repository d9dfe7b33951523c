// Products with few activation rows, on the weights as they are stored: what a decoding step does,
// and the memory is what it waits for.  So each weight is read once, in order, and the arithmetic
// has to keep up:
//
//   * Eight rows advance together, block by block.  Their eight exact sums over one block are
//     brought into one register by adding neighbours (three levels instead of eight horizontal
//     sums), so that scaling and the float32 addition serve eight rows at once.
//   * pmaddubsw takes weights without sign times activations with sign.  Small weights stay raised
//     by their zero point, and zero * sum(x) is subtracted once for all rows.  Signed weights
//     give their sign to the activation: |w| <= 128 and |x| <= 127, so a pair is at most 32512.
//
// The float32 additions happen in the order stated in matmul.h, as in the panel product.

#include "frugal/kernels/avx2/block_formats.h"
#include "frugal/kernels/avx2/block_parts.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

/// One block of 32 activations and what its products need.
struct Input {
  __m256i values;
  __m256i zero_pairs;  ///< int16: zero * (x[2i] + x[2i + 1]); kGrouped with a zero only
};

template <DType kType>
static inline Input load_input(const std::int8_t* values) {
  Input x;
  x.values = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
  x.zero_pairs = _mm256_setzero_si256();
  if constexpr (block_format(kType).arithmetic == Arithmetic::kGrouped &&
                block_format(kType).zero != 0) {
    x.zero_pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(block_format(kType).zero), x.values);
  }
  return x;
}

/// The b-th pair of sixteen int8 factors: the even one in the lower eight int16, the odd above.
template <std::size_t kBlock>
static inline __m256i spread_groups(const std::int8_t* groups) {
  const __m128i sixteen = _mm_load_si128(reinterpret_cast<const __m128i*>(groups));
  constexpr std::int64_t kEach = 0x0101010101010101;
  constexpr std::int64_t kEven = kEach * static_cast<std::int64_t>(2 * kBlock);
  constexpr std::int64_t kOdd = kEach * static_cast<std::int64_t>((2 * kBlock) + 1);
  const __m256i places = _mm256_setr_epi64x(kEven, kEven, kOdd, kOdd);
  const __m256i twice = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(sixteen), places);
  return _mm256_srai_epi16(twice, 8);
}

/// Eight int32 whose sum is that of the block: of (u - zero) x, but for kSmall of u x.
template <DType kType>
static inline __m256i dot(__m256i w, __m256i groups, const Input& x) {
  if constexpr (block_format(kType).arithmetic == Arithmetic::kSigned) {
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x.values, w));
    return _mm256_madd_epi16(pairs, groups);
  } else if constexpr (block_format(kType).zero != 0 &&
                       block_format(kType).arithmetic == Arithmetic::kGrouped) {
    const __m256i pairs = _mm256_maddubs_epi16(w, x.values);
    return _mm256_madd_epi16(_mm256_sub_epi16(pairs, x.zero_pairs), groups);
  } else {
    return _mm256_madd_epi16(_mm256_maddubs_epi16(w, x.values), groups);
  }
}

/// Sums of neighbours two apart, a's and b's in turn: with `join_fours` the first steps from four
/// registers to one that holds the sum of each 128-bit half.
static inline __m256i join_twos(__m256i a, __m256i b) {
  return _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
}

static inline __m256i join_fours(__m256i ab, __m256i cd) {
  return _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
}

/// The products of four rows from row `first` on with one block, as four int32 per 128-bit half.
template <DType kType, int kBatch, std::size_t kBlock>
static inline void four_rows(const Rows& rows, std::size_t offset, const Factors<kType>& factors,
                             std::size_t first, const Input (&x)[kBatch],
                             __m256i (&fours)[kBatch]) {
  __m256i twos[2][kBatch];
  __m256i groups = _mm256_set1_epi16(1);
#pragma GCC unroll 2
  for (std::size_t pair = 0; pair < 2; ++pair) {
    __m256i ones[2][kBatch];
#pragma GCC unroll 2
    for (std::size_t one = 0; one < 2; ++one) {
      const std::size_t r = first + (2 * pair) + one;
      const __m256i w = Stored<kType>::template weights<kBlock>(rows.at[r] + offset);
      if constexpr (Factors<kType>::kGrouped) groups = spread_groups<kBlock>(factors.groups[r]);
#pragma GCC unroll 8
      for (int n = 0; n < kBatch; ++n) ones[one][n] = dot<kType>(w, groups, x[n]);
    }
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) twos[pair][n] = join_twos(ones[0][n], ones[1][n]);
  }
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) fours[n] = join_fours(twos[0][n], twos[1][n]);
}

/// Scales the exact sums of one block and adds them, in the order stated in matmul.h.
template <DType kType, std::size_t kBlock>
static inline __m256 add_scaled(__m256i exact, const Factors<kType>& factors,
                                const ActivationBlock& beside, __m256 sum) {
  constexpr BlockFormat kFormat = block_format(kType);
  if constexpr (kFormat.arithmetic == Arithmetic::kSmall && kFormat.zero != 0) {
    exact = _mm256_sub_epi32(exact, _mm256_set1_epi32(kFormat.zero * beside.total));
  }
  const __m256 scale = _mm256_mul_ps(factors.scale(kBlock), _mm256_set1_ps(beside.scale));
  sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(exact), scale, sum);
  if constexpr (kFormat.minima == 1) {
    sum = _mm256_fmadd_ps(factors.minima[kBlock], _mm256_set1_ps(beside.sum), sum);
  } else if constexpr (kFormat.minima == 2) {
    for (std::size_t g = 0; g < 2; ++g) {
      const __m256 half_sum = _mm256_set1_ps(beside.half_sums[g]);
      sum = _mm256_fmadd_ps(factors.minima[(2 * kBlock) + g], half_sum, sum);
    }
  }
  return sum;
}

/// Block kBlock of a stored block, which is `block` of the row: eight rows times kBatch activation
/// rows.
template <DType kType, int kBatch, std::size_t kBlock>
static inline void add_block(const Rows& rows, std::size_t offset, const Factors<kType>& factors,
                             const Activation (&x)[kBatch], std::size_t block,
                             __m256 (&sums)[kBatch]) {
  Input inputs[kBatch];
  __m256i low[kBatch];
  __m256i high[kBatch];
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) inputs[n] = load_input<kType>(x[n].values + (32 * block));
  four_rows<kType, kBatch, kBlock>(rows, offset, factors, 0, inputs, low);
  four_rows<kType, kBatch, kBlock>(rows, offset, factors, 4, inputs, high);
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) {
    const __m256i exact = _mm256_add_epi32(_mm256_permute2x128_si256(low[n], high[n], 0x20),
                                           _mm256_permute2x128_si256(low[n], high[n], 0x31));
    sums[n] = add_scaled<kType, kBlock>(exact, factors, x[n].blocks[block], sums[n]);
  }
}

/// Eight rows times kBatch activation rows from row `first` on.
template <DType kType, int kBatch>
static void multiply_rows(const Rows& rows, const MatmulArgs& args, std::size_t first,
                          __m256 (&sums)[kBatch]) {
  Activation x[kBatch];
  for (int n = 0; n < kBatch; ++n) {
    x[n] = activation(args.quantized, args.cols, first + static_cast<std::size_t>(n));
    sums[n] = _mm256_setzero_ps();
  }
  const std::size_t stored = args.cols / (32 * stored_block(kType).blocks);
  // The eight rows after these, while these are at work.
  const std::byte* end = args.weights + (args.rows * args.row_bytes);
  const std::byte* next = rows.at[7] + args.row_bytes;
  Ahead ahead(first == 0 ? next : end, end, 8 * stored_block(kType).bytes);
  for (std::size_t s = 0; s < stored; ++s) {
    ahead.advance();
    Factors<kType> factors;
    Stored<kType>::factors(rows, s * stored_block(kType).bytes, factors);
    [&]<std::size_t... kBlock>(std::index_sequence<kBlock...> /*blocks*/) {
      (add_block<kType, kBatch, kBlock>(rows, s * stored_block(kType).bytes, factors, x,
                                        (s * stored_block(kType).blocks) + kBlock, sums),
       ...);
    }
    (std::make_index_sequence<stored_block(kType).blocks>{});
  }
}

template <DType kType, int kBatch>
static void multiply_and_store(const Rows& rows, const MatmulArgs& args, std::size_t row,
                               std::size_t first) {
  __m256 sums[kBatch];
  multiply_rows<kType, kBatch>(rows, args, first, sums);
  for (int n = 0; n < kBatch; ++n) {
    float* out = args.out + ((first + static_cast<std::size_t>(n)) * args.out_stride) + row;
    if (row + 8 <= args.rows) {
      _mm256_storeu_ps(out, sums[n]);
    } else {
      store_first(out, args.rows - row, sums[n]);
    }
  }
}

template <DType kType>
void multiply_few(const MatmulArgs& args) {
  for (std::size_t row = 0; row < args.rows; row += 8) {
    const Rows rows(args.weights + (row * args.row_bytes), args.row_bytes, args.rows - row);
    std::size_t n = 0;
    for (; n + 2 <= args.batch; n += 2) multiply_and_store<kType, 2>(rows, args, row, n);
    if (n < args.batch) multiply_and_store<kType, 1>(rows, args, row, n);
  }
}

template void multiply_few<DType::kQ4_0>(const MatmulArgs& args);
template void multiply_few<DType::kQ4_1>(const MatmulArgs& args);
template void multiply_few<DType::kQ5_0>(const MatmulArgs& args);
template void multiply_few<DType::kQ5_1>(const MatmulArgs& args);
template void multiply_few<DType::kQ8_0>(const MatmulArgs& args);
template void multiply_few<DType::kQ2_K>(const MatmulArgs& args);
template void multiply_few<DType::kQ3_K>(const MatmulArgs& args);
template void multiply_few<DType::kQ4_K>(const MatmulArgs& args);
template void multiply_few<DType::kQ5_K>(const MatmulArgs& args);
template void multiply_few<DType::kQ6_K>(const MatmulArgs& args);
template void multiply_few<DType::kIQ4_NL>(const MatmulArgs& args);
template void multiply_few<DType::kIQ4_XS>(const MatmulArgs& args);
template void multiply_few<DType::kMXFP4>(const MatmulArgs& args);

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
