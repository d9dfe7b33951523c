// Private to this folder, and no header of its own: each instruction set's round.cpp includes it in
// its target region and namespace, after lanes.h, so that these loops are compiled for the same
// instructions; they give the same bits in all.
//
// Blocks of 32, eight at a time; then what each format is, and its row.

#include "frugal/kernels/round_super.h"

/// A block with a scale of its own: the fit as it is stored, improved as it is stored.
template <class Format>
static inline void round_signed_blocks(const Groups<32>& g, BlockParts* parts) {
  using Levels = typename Format::Levels;
  Lanes scale = as_half(largest(g) * all_lanes(1.0F / Levels::kLowest));
  Lanes error = signed_error<Levels>(g, scale);
  Lanes guess = fit_signed<Format, Levels>(g).scale;
  for (int round = 0; round < Format::kImprovements; ++round) {
    const Lanes stored = as_half(guess);
    const Lanes found = signed_error<Levels>(g, stored);
    const Mask better = below(found, error);
    scale = choose(better, stored, scale);
    error = choose(better, found, error);
    const SignedSums sums = signed_sums<Levels>(g, reciprocal(scale));
    guess = sums.qx * reciprocal(sums.qq);
  }
  float d[8];
  std::uint8_t codes[256];
  store_lanes(d, scale);
  signed_codes<Levels>(g, scale, codes);
  for (int lane = 0; lane < 8; ++lane) {
    parts[lane].d = d[lane];
    for (int j = 0; j < 32; ++j) parts[lane].codes[j] = codes[(32 * lane) + j];
  }
}

/// The same with a minimum, of either sign, which is solved for with the scale as it is stored.
template <class Format>
static inline void round_affine_blocks(const Groups<32>& g, BlockParts* parts) {
  const Lanes zero = all_lanes(0.0F);
  const Lanes top = all_lanes(Format::kTop);
  Lanes low = g.x[0];
  Lanes high = g.x[0];
  for (const Lanes& x : g.x) {
    low = smaller(x, low);
    high = larger(x, high);
  }
  Lanes scale = as_half((high - low) * all_lanes(1.0F / Format::kTop));
  Lanes minimum = zero - as_half(low);
  Lanes error = affine_error(g, scale, minimum, top);
  const GroupMoments m = moments(g);
  const AffineFit fit = fit_affine<Format>(g, Format::kTop, false);
  Lanes guess = fit.scale;
  Lanes guess_low = fit.low;
  for (int round = 0; round < Format::kImprovements; ++round) {
    const Lanes stored = as_half(guess);
    const Lanes inverse = reciprocal(stored);
    const AffineSums sums = affine_sums(g, inverse, zero - (guess_low * inverse), top);
    const Lanes stored_minimum = as_half(((stored * sums.q) - m.x) / m.w);
    const Lanes found = affine_error(g, stored, stored_minimum, top);
    const Mask better = below(found, error);
    scale = choose(better, stored, scale);
    minimum = choose(better, stored_minimum, minimum);
    error = choose(better, found, error);
    const Lanes next = reciprocal(scale);
    const AffineSums now = affine_sums(g, next, minimum * next, top);
    guess = ((m.w * now.qx) - (now.q * m.x)) / ((m.w * now.qq) - (now.q * now.q));
    guess_low = ((now.qq * m.x) - (now.q * now.qx)) / ((m.w * now.qq) - (now.q * now.q));
  }
  float d[8];
  float stored_low[8];
  std::uint8_t codes[256];
  store_lanes(d, scale);
  store_lanes(stored_low, zero - minimum);
  affine_codes(g, scale, minimum, top, codes);
  for (int lane = 0; lane < 8; ++lane) {
    parts[lane].d = d[lane];
    parts[lane].minimum = stored_low[lane];
    for (int j = 0; j < 32; ++j) parts[lane].codes[j] = codes[(32 * lane) + j];
  }
}

/// Eight blocks at a time; what is missing of the last eight counts as zeros.
template <class Format>
static inline void round_small_row(const float* x, const float* w, std::size_t cols,
                                   std::byte* out) {
  constexpr std::size_t kEight = 256;
  for (std::size_t first = 0; first < cols; first += kEight) {
    const std::size_t here = cols - first < kEight ? cols - first : kEight;
    float padded_x[kEight];
    float padded_w[kEight];
    Groups<32> g;
    if (here == kEight) {
      load_groups(x + first, w + first, 32, g);
    } else {
      for (std::size_t j = 0; j < kEight; ++j) {
        padded_x[j] = j < here ? x[first + j] : 0.0F;
        padded_w[j] = j < here ? w[first + j] : 1.0F;
      }
      load_groups(padded_x, padded_w, 32, g);
    }
    BlockParts parts[8];
    if constexpr (Format::kHasMinimum) {
      round_affine_blocks<Format>(g, parts);
    } else {
      round_signed_blocks<Format>(g, parts);
    }
    for (std::size_t b = 0; b < here / 32; ++b) {
      Format::kPack(parts[b], out);
      out += Format::kBytes;
    }
  }
}

template <class Format>
static inline void round_super_row(const float* x, const float* w, std::size_t cols,
                                   std::byte* out) {
  for (std::size_t first = 0; first < cols; first += 256, out += Format::kBytes) {
    if constexpr (Format::kHasMinimum) {
      round_affine_super<Format>(x + first, w + first, out);
    } else {
      round_signed_super<Format>(x + first, w + first, out);
    }
  }
}

// ---- the formats
// ---------------------------------------------------------------------------------

struct Q4_0 {
  using Levels = WholeLevels<8>;
  static constexpr bool kHasMinimum = false;
  static constexpr std::size_t kBytes = sizeof(BlockQ4_0);
  static constexpr Pack kPack = pack_q4_0;
  static constexpr float kGuesses[] = {
      -9.2F,  -9.05F, -8.9F,  -8.75F, -8.6F,  -8.45F, -8.3F,  -8.15F, -8.0F,  -7.85F, -7.7F,
      -7.55F, -7.4F,  -7.25F, -7.1F,  -6.95F, -6.8F,  -6.65F, -6.5F,  -6.35F, -6.2F,  -6.05F,
      -5.9F,  -5.75F, -5.6F,  8.1F,   7.91F,  7.71F,  7.52F,  7.33F,  7.13F,  6.94F,  6.75F,
      6.55F,  6.36F,  6.17F,  5.97F,  5.78F,  5.59F,  5.39F,  5.2F};
  static constexpr int kRounds = 3;
  static constexpr int kImprovements = 3;
};

struct Q5_0 {
  using Levels = WholeLevels<16>;
  static constexpr bool kHasMinimum = false;
  static constexpr std::size_t kBytes = sizeof(BlockQ5_0);
  static constexpr Pack kPack = pack_q5_0;
  static constexpr float kGuesses[] = {-17.5F, -17.13F, -16.77F, -16.4F, -16.03F, -15.67F,
                                       -15.3F, -14.93F, -14.57F, -14.2F, -13.83F, -13.47F,
                                       -13.1F, -12.73F, -12.37F, -12.0F, 15.9F,   15.12F,
                                       14.34F, 13.56F,  12.78F,  12.0F};
  static constexpr int kRounds = 2;
  static constexpr int kImprovements = 3;
};

struct IQ4_NL {
  using Levels = CurvedLevels;
  static constexpr bool kHasMinimum = false;
  static constexpr std::size_t kBytes = sizeof(BlockIQ4_NL);
  static constexpr Pack kPack = pack_iq4_nl;
  static constexpr float kGuesses[] = {-138.0F,  -132.89F, -127.78F, -122.67F, -117.56F, -112.44F,
                                       -107.33F, -102.22F, -97.11F,  -92.0F,   124.0F,   118.57F,
                                       113.14F,  107.71F,  102.29F,  96.86F,   91.43F,   86.0F};
  static constexpr int kRounds = 2;
  static constexpr int kImprovements = 3;
};

struct Q4_1 {
  static constexpr bool kHasMinimum = true;
  static constexpr float kTop = 15.0F;
  static constexpr std::size_t kBytes = sizeof(BlockQ4_1);
  static constexpr Pack kPack = pack_q4_1;
  static constexpr float kLowCuts[] = {-0.01F, 0.015F, 0.04F, 0.08F, 0.13F};
  static constexpr float kHighCuts[] = {-0.04F, -0.01F, 0.02F, 0.05F, 0.09F, 0.14F};
  static constexpr int kRounds = 2;
  static constexpr int kImprovements = 2;
};

struct Q5_1 {
  static constexpr bool kHasMinimum = true;
  static constexpr float kTop = 31.0F;
  static constexpr std::size_t kBytes = sizeof(BlockQ5_1);
  static constexpr Pack kPack = pack_q5_1;
  static constexpr float kLowCuts[] = {-0.01F, 0.005F, 0.02F, 0.045F, 0.075F};
  static constexpr float kHighCuts[] = {-0.02F, -0.005F, 0.01F, 0.03F, 0.055F, 0.085F};
  static constexpr int kRounds = 2;
  static constexpr int kImprovements = 2;
};

struct Q2_K {
  static constexpr bool kHasMinimum = true;
  static constexpr int kSize = 16;
  static constexpr float kTop = 3.0F;
  static constexpr float kMostScale = 15.0F;
  static constexpr std::size_t kBytes = sizeof(BlockQ2_K);
  static constexpr Pack kPack = pack_q2_k;
  static constexpr float kLowCuts[] = {0.0F, 0.07F, 0.14F, 0.21F};
  static constexpr float kHighCuts[] = {-0.06F, 0.03F, 0.12F, 0.2F};
  static constexpr int kRounds = 3;
  static constexpr int kImprovements = 5;
};

struct Q4_K {
  static constexpr bool kHasMinimum = true;
  static constexpr int kSize = 32;
  static constexpr float kTop = 15.0F;
  static constexpr float kMostScale = 63.0F;
  static constexpr std::size_t kBytes = sizeof(BlockQ4_K);
  static constexpr Pack kPack = pack_q4_k;
  static constexpr float kLowCuts[] = {-0.01F, 0.015F, 0.04F, 0.08F, 0.13F};
  static constexpr float kHighCuts[] = {-0.04F, -0.01F, 0.02F, 0.05F, 0.09F, 0.14F};
  static constexpr int kRounds = 3;
  static constexpr int kImprovements = 4;
};

struct Q5_K {
  static constexpr bool kHasMinimum = true;
  static constexpr int kSize = 32;
  static constexpr float kTop = 31.0F;
  static constexpr float kMostScale = 63.0F;
  static constexpr std::size_t kBytes = sizeof(BlockQ5_K);
  static constexpr Pack kPack = pack_q5_k;
  static constexpr float kLowCuts[] = {-0.01F, 0.005F, 0.02F, 0.045F, 0.075F};
  static constexpr float kHighCuts[] = {-0.02F, -0.005F, 0.01F, 0.03F, 0.055F, 0.085F};
  static constexpr int kRounds = 3;
  static constexpr int kImprovements = 4;
};

struct Q3_K {
  using Levels = WholeLevels<4>;
  static constexpr bool kHasMinimum = false;
  static constexpr int kSize = 16;
  static constexpr float kLeastScale = -32.0F;
  static constexpr float kMostScale = 31.0F;
  static constexpr std::size_t kBytes = sizeof(BlockQ3_K);
  static constexpr Pack kPack = pack_q3_k;
  static constexpr float kGuesses[] = {-4.9F,  -4.71F, -4.51F, -4.32F, -4.13F, -3.94F, -3.74F,
                                       -3.55F, -3.36F, -3.16F, -2.97F, -2.78F, -2.59F, -2.39F,
                                       -2.2F,  4.0F,   3.82F,  3.64F,  3.45F,  3.27F,  3.09F,
                                       2.91F,  2.73F,  2.55F,  2.36F,  2.18F,  2.0F};
  static constexpr float kSteps[] = {-1.0F, 1.0F};
  static constexpr int kRounds = 3;
  static constexpr int kImprovements = 4;
};

struct Q6_K {
  using Levels = WholeLevels<32>;
  static constexpr bool kHasMinimum = false;
  static constexpr int kSize = 16;
  static constexpr float kLeastScale = -128.0F;
  static constexpr float kMostScale = 127.0F;
  static constexpr std::size_t kBytes = sizeof(BlockQ6_K);
  static constexpr Pack kPack = pack_q6_k;
  static constexpr float kGuesses[] = {-33.2F,  -32.66F, -32.12F, -31.58F, -31.04F, -30.49F,
                                       -29.95F, -29.41F, -28.87F, -28.33F, -27.79F, -27.25F,
                                       -26.71F, -26.16F, -25.62F, -25.08F, -24.54F, -24.0F};
  static constexpr float kSteps[] = {-1.0F, 1.0F};
  static constexpr int kRounds = 2;
  static constexpr int kImprovements = 3;
};

struct IQ4_XS {
  using Levels = CurvedLevels;
  static constexpr bool kHasMinimum = false;
  static constexpr int kSize = 32;
  static constexpr float kLeastScale = -32.0F;
  static constexpr float kMostScale = 31.0F;
  static constexpr std::size_t kBytes = sizeof(BlockIQ4_XS);
  static constexpr Pack kPack = pack_iq4_xs;
  static constexpr float kGuesses[] = {-138.0F, -132.25F, -126.5F, -120.75F, -115.0F, -109.25F,
                                       -103.5F, -97.75F,  -92.0F,  124.0F,   117.67F, 111.33F,
                                       105.0F,  98.67F,   92.33F,  86.0F};
  static constexpr float kSteps[] = {-1.0F, 1.0F};
  static constexpr int kRounds = 2;
  static constexpr int kImprovements = 4;
};

static inline BlockRounding all_rounding() {
  return {.q4_0 = round_small_row<Q4_0>,
          .q4_1 = round_small_row<Q4_1>,
          .q5_0 = round_small_row<Q5_0>,
          .q5_1 = round_small_row<Q5_1>,
          .q2_k = round_super_row<Q2_K>,
          .q3_k = round_super_row<Q3_K>,
          .q4_k = round_super_row<Q4_K>,
          .q5_k = round_super_row<Q5_K>,
          .q6_k = round_super_row<Q6_K>,
          .iq4_nl = round_small_row<IQ4_NL>,
          .iq4_xs = round_super_row<IQ4_XS>};
}
