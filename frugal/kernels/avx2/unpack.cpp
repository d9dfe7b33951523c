// Sixteen stored rows to a panel: eight rows of 32 columns fill eight registers, which are turned
// so that each holds four columns of eight rows.

#include <algorithm>

#include "frugal/kernels/avx2/block_formats.h"
#include "frugal/kernels/avx2/block_parts.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

/// Turns 8 rows x 8 words into 8 columns of 8 words; column k goes to `to[k]`.
static inline void store_turned(const __m256i (&rows)[8], std::uint8_t (*to)[64]) {
  __m256i pairs[8];
  __m256i fours[8];
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) {
    pairs[2 * r] = _mm256_unpacklo_epi32(rows[2 * r], rows[(2 * r) + 1]);
    pairs[(2 * r) + 1] = _mm256_unpackhi_epi32(rows[2 * r], rows[(2 * r) + 1]);
  }
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {  // rows 0-3, rows 4-7
    const int at = 4 * half;
    fours[at] = _mm256_unpacklo_epi64(pairs[at], pairs[at + 2]);
    fours[at + 1] = _mm256_unpackhi_epi64(pairs[at], pairs[at + 2]);
    fours[at + 2] = _mm256_unpacklo_epi64(pairs[at + 1], pairs[at + 3]);
    fours[at + 3] = _mm256_unpackhi_epi64(pairs[at + 1], pairs[at + 3]);
  }
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to[k]),
                       _mm256_permute2x128_si256(fours[k], fours[k + 4], 0x20));
    _mm256_store_si256(reinterpret_cast<__m256i*>(to[k + 4]),
                       _mm256_permute2x128_si256(fours[k], fours[k + 4], 0x31));
  }
}

/// Block b of a stored block of eight rows to the rows from `first` on of a panel's block.
template <DType kType, std::size_t kBlock>
static inline void unpack_block(const Rows& rows, std::size_t offset, const Factors<kType>& factors,
                                std::size_t first, PanelBlock& to) {
  __m256i weights[8];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < 8; ++r) {
    weights[r] = Stored<kType>::template weights<kBlock>(rows.at[r] + offset);
  }
  auto* corner = reinterpret_cast<std::uint8_t(*)[64]>(&to.weights[0][4 * first]);
  store_turned(weights, corner);
  _mm256_store_ps(&to.scales[first], factors.scale(kBlock));
  constexpr BlockFormat kFormat = block_format(kType);
  for (std::size_t g = 0; g < kFormat.minima; ++g) {
    _mm256_store_ps(&to.minima[g][first], factors.minima[(kFormat.minima * kBlock) + g]);
  }
}

/// The int8 factors of a stored block of eight rows, each as two equal int16.
template <DType kType>
static inline void unpack_groups(const Factors<kType>& factors, std::size_t first, PanelBlock* to) {
  const auto* groups = reinterpret_cast<const std::byte*>(factors.groups);
  const Rows rows(groups, sizeof factors.groups[0], 8);
#pragma GCC unroll 4
  for (std::size_t word = 0; word < 4; ++word) {
    const __m256i four = gather_words(rows, 4 * word);
#pragma GCC unroll 4
    for (int g = 0; g < 4; ++g) {
      // Byte g of each word becomes the upper byte of both of its int16.
      const __m256i places =
          _mm256_add_epi8(_mm256_setr_epi32(0, 0x04040404, 0x08080808, 0x0C0C0C0C, 0, 0x04040404,
                                            0x08080808, 0x0C0C0C0C),
                          _mm256_set1_epi8(static_cast<char>(g)));
      const __m256i twice = _mm256_srai_epi16(_mm256_shuffle_epi8(four, places), 8);
      PanelBlock& block = to[(2 * word) + static_cast<std::size_t>(g / 2)];
      _mm256_store_si256(reinterpret_cast<__m256i*>(block.groups[g % 2][first]), twice);
    }
  }
}

template <DType kType>
void unpack(const UnpackArgs& args) {
  constexpr StoredBlock kStored = stored_block(kType);
  for (std::size_t first = 0; first < kPanelRows; first += 8) {
    const std::size_t row = std::min(first, args.rows - 1);
    const Rows rows(args.weights + (row * args.row_bytes), args.row_bytes, args.rows - row);
    for (std::size_t s = 0; s * kStored.blocks < args.blocks; ++s) {
      const std::size_t offset = s * kStored.bytes;
      PanelBlock* to = args.panel + (s * kStored.blocks);
      Factors<kType> factors;
      Stored<kType>::factors(rows, offset, factors);
      if constexpr (Factors<kType>::kGrouped) unpack_groups(factors, first, to);
      [&]<std::size_t... kBlock>(std::index_sequence<kBlock...> /*blocks*/) {
        (unpack_block<kType, kBlock>(rows, offset, factors, first, to[kBlock]), ...);
      }
      (std::make_index_sequence<kStored.blocks>{});
    }
  }
}

template void unpack<DType::kQ4_0>(const UnpackArgs& args);
template void unpack<DType::kQ4_1>(const UnpackArgs& args);
template void unpack<DType::kQ5_0>(const UnpackArgs& args);
template void unpack<DType::kQ5_1>(const UnpackArgs& args);
template void unpack<DType::kQ8_0>(const UnpackArgs& args);
template void unpack<DType::kQ2_K>(const UnpackArgs& args);
template void unpack<DType::kQ3_K>(const UnpackArgs& args);
template void unpack<DType::kQ4_K>(const UnpackArgs& args);
template void unpack<DType::kQ5_K>(const UnpackArgs& args);
template void unpack<DType::kQ6_K>(const UnpackArgs& args);
template void unpack<DType::kIQ4_NL>(const UnpackArgs& args);
template void unpack<DType::kIQ4_XS>(const UnpackArgs& args);
template void unpack<DType::kMXFP4>(const UnpackArgs& args);

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
