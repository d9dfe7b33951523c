#pragma once

/// Private to the folders of sixteen lanes: what surrounds the exact sums of a panel product.

#include "frugal/kernels/avx512/vector.h"
#include "frugal/kernels/panel.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

static inline __m512i broadcast_word(const void* from) {
  std::int32_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return _mm512_set1_epi32(word);
}

/// Word k, four columns, of block b of an activation row.
static inline __m512i broadcast_values(const Activation& x, std::size_t b, int k) {
  return broadcast_word(x.values + (32 * b) + static_cast<std::size_t>(4 * k));
}

/// Sixteen rows times kBatch activation rows: where they come from, and the float32 sums.
template <int kBatch>
struct Tile {
  Activation x[kBatch];
  __m512 sums[kBatch];

  static Tile load(const PanelArgs& args, std::size_t first) {
    Tile tile;
    const __mmask16 lanes = first_lanes(args.first ? 0 : args.rows);
    for (std::size_t n = 0; n < kBatch; ++n) {
      tile.x[n] = activation(args.x, args.cols, first + n);
      tile.sums[n] = avx512::load(args.out + ((first + n) * args.out_stride), lanes);
    }
    return tile;
  }

  void store(const PanelArgs& args, std::size_t first) const {
    for (std::size_t n = 0; n < kBatch; ++n) {
      avx512::store(args.out + ((first + n) * args.out_stride), first_lanes(args.rows), sums[n]);
    }
  }
};

/// Scales the exact sums of block b and adds them, in the order stated in matmul.h.
template <BlockFormat kFormat, int kBatch>
static inline void add_scaled(const PanelBlock& w, std::size_t b, const __m512i (&exact)[kBatch],
                              Tile<kBatch>& tile) {
  const __m512 scales = _mm512_load_ps(w.scales);
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) {
    const ActivationBlock& beside = tile.x[n].blocks[b];
    const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(beside.scale));
    __m512 sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(exact[n]), scale, tile.sums[n]);
    if constexpr (kFormat.minima == 1) {
      sum = _mm512_fmadd_ps(_mm512_load_ps(w.minima[0]), _mm512_set1_ps(beside.sum), sum);
    } else if constexpr (kFormat.minima == 2) {
#pragma GCC unroll 2
      for (std::size_t g = 0; g < 2; ++g) {
        const __m512 half_sum = _mm512_set1_ps(beside.half_sums[g]);
        sum = _mm512_fmadd_ps(_mm512_load_ps(w.minima[g]), half_sum, sum);
      }
    }
    tile.sums[n] = sum;
  }
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
