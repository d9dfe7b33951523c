#pragma once

/// Private to this folder: how each block format becomes bytes and factors.
///
/// `Stored<type>` has
///     weights<kBlock>(block)          u of 32 columns, in order: the kBlock-th block of 32 of a
///     stored one factors(rows, offset, factors)  scales and minima of one stored block of eight
///     rows

#include <array>
#include <utility>

#include "frugal/kernels/avx2/vector.h"
#include "frugal/kernels/block_format.h"
#include "frugal/tensor/blocks.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

/// Eight stored rows; where a matrix has fewer, its last row stands in.
struct Rows {
  const std::byte* at[8];

  Rows(const std::byte* first, std::size_t row_bytes, std::size_t count) {
    for (std::size_t r = 0; r < 8; ++r) {
      at[r] = first + ((r < count ? r : count - 1) * row_bytes);
    }
  }
};

/// Scales and minima of one stored block of eight rows, a lane per row.
template <DType kType>
struct Factors {
  static constexpr BlockFormat kFormat = block_format(kType);
  static constexpr bool kGrouped = kFormat.arithmetic == Arithmetic::kGrouped;
  static constexpr std::size_t kStored = stored_block(kType).blocks;

  __m256 scales[kGrouped ? 1 : kStored];
  __m256 minima[kFormat.minima > 0 ? kFormat.minima* kStored : 1];  ///< [block][group]
  alignas(16) std::int8_t groups[8][16];                            ///< [row][group]; kGrouped only

  [[nodiscard]] __m256 scale(std::size_t block) const { return scales[kGrouped ? 0 : block]; }
};

template <class T>
static inline T read(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

static inline __m256i load_bytes(const std::byte* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

/// A 32-bit word of each row.
static inline __m256i gather_words(const Rows& rows, std::size_t offset) {
  const auto word = [&](std::size_t r) { return read<std::int32_t>(rows.at[r] + offset); };
  return _mm256_setr_epi32(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7));
}

/// A binary16 number of each row.
static inline __m256 gather_halves(const Rows& rows, std::size_t offset) {
  const auto half = [&](std::size_t r) { return read<std::int16_t>(rows.at[r] + offset); };
  return _mm256_cvtph_ps(
      _mm_setr_epi16(half(0), half(1), half(2), half(3), half(4), half(5), half(6), half(7)));
}

/// The low halves of eight words, as binary16 numbers.
static inline __m256 low_halves(__m256i words) {
  const __m256i low = _mm256_and_si256(words, _mm256_set1_epi32(0xFFFF));
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
  return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}

static inline __m256 high_halves(__m256i words) {
  return low_halves(_mm256_srli_epi32(words, 16));
}

static inline __m256 negated(__m256 v) {
  return _mm256_xor_ps(v, _mm256_set1_ps(-0.0F));
}

/// Byte g of each word, under a mask, as a float.
static inline __m256 byte_as_float(__m256i words, int g, int mask) {
  const __m256i byte = _mm256_and_si256(_mm256_srli_epi32(words, 8 * g), _mm256_set1_epi32(mask));
  return _mm256_cvtepi32_ps(byte);
}

/// Sixteen bytes to 32 nibbles: low ones, then high ones.
static inline __m256i nibbles(const std::byte* from) {
  const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m256i shifts = _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4);
  const __m256i shifted = _mm256_srlv_epi32(_mm256_broadcastsi128_si256(packed), shifts);
  return _mm256_and_si256(shifted, _mm256_set1_epi8(15));
}

/// Bit j of a 32-bit word as 16 or 0 in byte j.
static inline __m256i fifth_bits(const std::byte* from) {
  const __m256i word = _mm256_set1_epi32(read<std::int32_t>(from));
  const __m256i place =
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit = _mm256_set1_epi64x(static_cast<std::int64_t>(0x8040201008040201U));
  const __m256i chosen = _mm256_and_si256(_mm256_shuffle_epi8(word, place), bit);
  return _mm256_and_si256(_mm256_cmpeq_epi8(chosen, bit), _mm256_set1_epi8(16));
}

/// Moves bit `kFrom` and those above it to bit `kTo`; a mask must follow, for bytes leak.
template <int kFrom, int kTo>
static inline __m256i move_bits(__m256i v) {
  if constexpr (kFrom >= kTo) {
    return _mm256_srli_epi16(v, kFrom - kTo);
  } else {
    return _mm256_slli_epi16(v, kTo - kFrom);
  }
}

template <int kFrom, int kTo>
static inline __m256i bits(const std::byte* from, char mask) {
  return _mm256_and_si256(move_bits<kFrom, kTo>(load_bytes(from)), _mm256_set1_epi8(mask));
}

static inline __m256i look_up(const std::array<std::int8_t, 16>& table, __m256i places) {
  const __m128i entries = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data()));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries), places);
}

template <DType kType>
struct Stored;

template <>
struct Stored<DType::kQ8_0> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return load_bytes(block + offsetof(BlockQ8_0, qs));
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ8_0>& to) {
    to.scales[0] = gather_halves(rows, offset);
  }
};

template <>
struct Stored<DType::kQ4_0> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return nibbles(block + offsetof(BlockQ4_0, qs));
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ4_0>& to) {
    to.scales[0] = gather_halves(rows, offset);
  }
};

template <>
struct Stored<DType::kQ4_1> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return nibbles(block + offsetof(BlockQ4_1, qs));
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ4_1>& to) {
    const __m256i words = gather_words(rows, offset);
    to.scales[0] = low_halves(words);
    to.minima[0] = high_halves(words);
  }
};

template <>
struct Stored<DType::kQ5_0> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return _mm256_or_si256(nibbles(block + offsetof(BlockQ5_0, qs)),
                           fifth_bits(block + offsetof(BlockQ5_0, qh)));
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ5_0>& to) {
    to.scales[0] = gather_halves(rows, offset);
  }
};

template <>
struct Stored<DType::kQ5_1> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return _mm256_or_si256(nibbles(block + offsetof(BlockQ5_1, qs)),
                           fifth_bits(block + offsetof(BlockQ5_1, qh)));
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ5_1>& to) {
    const __m256i words = gather_words(rows, offset);
    to.scales[0] = low_halves(words);
    to.minima[0] = _mm256_fmadd_ps(_mm256_set1_ps(16.0F), to.scales[0], high_halves(words));
  }
};

template <>
struct Stored<DType::kIQ4_NL> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return look_up(kLevelsIQ4, nibbles(block + offsetof(BlockIQ4_NL, qs)));
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kIQ4_NL>& to) {
    to.scales[0] = gather_halves(rows, offset);
  }
};

template <>
struct Stored<DType::kMXFP4> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return _mm256_add_epi8(look_up(kLevelsMXFP4, nibbles(block + offsetof(BlockMXFP4, qs))),
                           _mm256_set1_epi8(16));
  }
  // 2^(e - 128): a shifted exponent, and two denormal numbers below it.
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kMXFP4>& to) {
    const auto e = [&](std::size_t r) { return read<std::uint8_t>(rows.at[r] + offset); };
    const __m256i exponent = _mm256_setr_epi32(e(0), e(1), e(2), e(3), e(4), e(5), e(6), e(7));
    const __m256i one = _mm256_set1_epi32(1);
    const __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(exponent, one), 23);
    const __m256i denormal = _mm256_sllv_epi32(_mm256_set1_epi32(1 << 21), exponent);
    to.scales[0] = _mm256_castsi256_ps(
        _mm256_blendv_epi8(denormal, normal, _mm256_cmpgt_epi32(exponent, one)));
  }
};

/// Scales and minima of Q4_K and Q5_K, minima raised by `kZero` scales: see `scale_min_k4`.
template <DType kType, int kZero>
static inline void factors_k4(const Rows& rows, std::size_t offset, Factors<kType>& to) {
  const __m256i halves = gather_words(rows, offset);
  const __m256 d = low_halves(halves);
  const __m256 minus_dmin = negated(high_halves(halves));
  const __m256i first = gather_words(rows, offset + offsetof(BlockQ4_K, scales));
  const __m256i second = gather_words(rows, offset + offsetof(BlockQ4_K, scales) + 4);
  const __m256i third = gather_words(rows, offset + offsetof(BlockQ4_K, scales) + 8);
  const __m256i four = _mm256_set1_epi8(0x0F);
  const __m256i two = _mm256_set1_epi8(0x30);
  const auto upper = [&](__m256i low, __m256i high) {
    return _mm256_or_si256(_mm256_and_si256(low, four),
                           _mm256_and_si256(_mm256_srli_epi32(high, 2), two));
  };
  const __m256i scales = upper(third, first);
  const __m256i minima = upper(_mm256_srli_epi32(third, 4), second);
  const auto keep = [&](std::size_t g, __m256 scale, __m256 minimum) {
    to.scales[g] = _mm256_mul_ps(d, scale);
    to.minima[g] = _mm256_mul_ps(minus_dmin, minimum);
    if constexpr (kZero != 0) {
      to.minima[g] = _mm256_fmadd_ps(_mm256_set1_ps(kZero), to.scales[g], to.minima[g]);
    }
  };
#pragma GCC unroll 4
  for (int g = 0; g < 4; ++g) {
    const auto at = static_cast<std::size_t>(g);
    keep(at, byte_as_float(first, g, 63), byte_as_float(second, g, 63));
    keep(at + 4, byte_as_float(scales, g, 63), byte_as_float(minima, g, 63));
  }
}

template <>
struct Stored<DType::kQ4_K> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return bits<4 * (kBlock % 2), 0>(block + offsetof(BlockQ4_K, qs) + (32 * (kBlock / 2)), 15);
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ4_K>& to) {
    factors_k4<DType::kQ4_K, 0>(rows, offset, to);
  }
};

template <>
struct Stored<DType::kQ5_K> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return _mm256_or_si256(
        bits<4 * (kBlock % 2), 0>(block + offsetof(BlockQ5_K, qs) + (32 * (kBlock / 2)), 15),
        bits<kBlock, 4>(block + offsetof(BlockQ5_K, qh), 16));
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ5_K>& to) {
    factors_k4<DType::kQ5_K, 16>(rows, offset, to);
  }
};

template <>
struct Stored<DType::kIQ4_XS> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return look_up(kLevelsIQ4, nibbles(block + offsetof(BlockIQ4_XS, qs) + (16 * kBlock)));
  }
  // See `scale_iq4_xs`.
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kIQ4_XS>& to) {
    const __m256i head = gather_words(rows, offset);
    const __m256 d = low_halves(head);
    const __m256i high = _mm256_srli_epi32(head, 16);
    const __m256i low = gather_words(rows, offset + offsetof(BlockIQ4_XS, scales_l));
#pragma GCC unroll 8
    for (int g = 0; g < 8; ++g) {
      const __m256i four = _mm256_and_si256(_mm256_srli_epi32(low, 4 * g), _mm256_set1_epi32(15));
      const __m256i two = _mm256_and_si256(_mm256_srli_epi32(high, 2 * g), _mm256_set1_epi32(3));
      const __m256i whole = _mm256_or_si256(four, _mm256_slli_epi32(two, 4));
      const __m256i scale = _mm256_sub_epi32(whole, _mm256_set1_epi32(32));
      to.scales[g] = _mm256_mul_ps(d, _mm256_cvtepi32_ps(scale));
    }
  }
};

template <>
struct Stored<DType::kQ2_K> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return bits<2 * (kBlock % 4), 0>(block + offsetof(BlockQ2_K, qs) + (32 * (kBlock / 4)), 3);
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ2_K>& to) {
    const __m256i halves = gather_words(rows, offset + offsetof(BlockQ2_K, d));
    to.scales[0] = low_halves(halves);
    const __m256 minus_dmin = negated(high_halves(halves));
    for (std::size_t r = 0; r < 8; ++r) {
      const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows.at[r] + offset));
      _mm_store_si128(reinterpret_cast<__m128i*>(to.groups[r]),
                      _mm_and_si128(packed, _mm_set1_epi8(15)));
    }
#pragma GCC unroll 4
    for (std::size_t four = 0; four < 4; ++four) {
      const __m256i words = _mm256_srli_epi32(gather_words(rows, offset + (4 * four)), 4);
#pragma GCC unroll 4
      for (int g = 0; g < 4; ++g) {
        to.minima[(4 * four) + static_cast<std::size_t>(g)] =
            _mm256_mul_ps(minus_dmin, byte_as_float(words, g, 15));
      }
    }
  }
};

template <>
struct Stored<DType::kQ3_K> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    return _mm256_or_si256(
        bits<2 * (kBlock % 4), 0>(block + offsetof(BlockQ3_K, qs) + (32 * (kBlock / 4)), 3),
        bits<kBlock, 2>(block + offsetof(BlockQ3_K, hmask), 4));
  }
  // See `scale_q3_k`; four groups at a time.
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ3_K>& to) {
    to.scales[0] = gather_halves(rows, offset + offsetof(BlockQ3_K, d));
    for (std::size_t r = 0; r < 8; ++r) {
      const std::byte* packed = rows.at[r] + offset + offsetof(BlockQ3_K, scales);
      const auto first = read<std::uint32_t>(packed);
      const auto second = read<std::uint32_t>(packed + 4);
      const auto high = read<std::uint32_t>(packed + 8);
      const auto join = [](std::uint32_t low, std::uint32_t two) {
        return static_cast<int>((low & 0x0F0F0F0FU) | ((two & 0x03030303U) << 4U));
      };
      const __m128i whole =
          _mm_setr_epi32(join(first, high), join(second, high >> 2U), join(first >> 4U, high >> 4U),
                         join(second >> 4U, high >> 6U));
      _mm_store_si128(reinterpret_cast<__m128i*>(to.groups[r]),
                      _mm_sub_epi8(whole, _mm_set1_epi8(32)));
    }
  }
};

template <>
struct Stored<DType::kQ6_K> {
  template <int kBlock>
  static __m256i weights(const std::byte* block) {
    constexpr int kHalf = kBlock / 4;
    constexpr int kPart = kBlock % 4;
    return _mm256_or_si256(
        bits<4 * (kPart / 2), 0>(
            block + offsetof(BlockQ6_K, ql) + (64 * kHalf) + (32 * (kPart % 2)), 15),
        bits<2 * kPart, 4>(block + offsetof(BlockQ6_K, qh) + (32 * kHalf), 0x30));
  }
  static void factors(const Rows& rows, std::size_t offset, Factors<DType::kQ6_K>& to) {
    to.scales[0] = gather_halves(rows, offset + offsetof(BlockQ6_K, d));
    for (std::size_t r = 0; r < 8; ++r) {
      std::memcpy(to.groups[r], rows.at[r] + offset + offsetof(BlockQ6_K, scales), 16);
    }
  }
};

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
