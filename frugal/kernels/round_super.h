// Private to this folder, and no header of its own: part of round_loops.h.
//
// Blocks of 256 store one scale (and one minimum) as binary16 and a small whole multiple of it for
// each group.  First each group is fitted alone; then the step d is chosen of which the groups'
// scales are nearly multiples, misses weighed by what they cost.  From there on the true error is
// watched, with all scales as they are stored: each group tries the neighbours of its whole
// numbers, and d (and dmin) are solved for again, until nothing is gained.  The plain start, from
// the range of each group alone, is tried as well: the result is never worse than it.

#include "frugal/kernels/round_groups.h"

/// All numbers of a block: its groups in columns of eight.
template <class Format>
struct Super {
  static constexpr int kColumns = 32 / Format::kSize;
  Groups<Format::kSize> column[kColumns];
};

template <class Format>
static inline void load_super(const float* x, const float* w, Super<Format>& to) {
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    const int first = c * 8 * Format::kSize;
    load_groups(x + first, w + first, Format::kSize, to.column[c]);
  }
}

static inline Lanes whole(const Lanes& value, float low, float high) {
  return nearest(smaller(larger(value, all_lanes(low)), all_lanes(high)));
}

static inline float half_of(float value) {
  float v[8];
  store_lanes(v, as_half(all_lanes(value)));
  return v[0];
}

/// The d, a binary16, for which sum stiffness (s - d c)^2 is least, with whole c in [low, high];
/// of a table of guesses which c the largest s gets.
template <int kColumns>
static inline float fit_step(const Lanes (&s)[kColumns], const Lanes (&stiffness)[kColumns],
                             float low, float high) {
  Lanes extremes = s[0];
  for (int c = 1; c < kColumns; ++c) {
    extremes = choose(below(magnitude(extremes), magnitude(s[c])), s[c], extremes);
  }
  float v[8];
  store_lanes(v, extremes);
  float most = 0.0F;
  for (const float value : v) most = std::fabs(value) > std::fabs(most) ? value : most;
  if (most == 0.0F) return 0.0F;
  float best_gain = 0.0F;
  float best = most / (low < 0.0F ? low : high);
  constexpr float kStretches[] = {0.5F, 0.0F, -0.5F, -1.0F, -1.5F, -2.0F, -3.0F, -4.0F};
  for (const float bound : {high, low}) {
    if (bound == 0.0F) continue;
    for (const float stretch : kStretches) {
      const Lanes inverse = all_lanes((bound + (bound > 0.0F ? stretch : -stretch)) / most);
      Lanes cc = all_lanes(0.0F);
      Lanes cs = all_lanes(0.0F);
      for (int c = 0; c < kColumns; ++c) {
        const Lanes code = whole(s[c] * inverse, low, high);
        cc = cc + ((stiffness[c] * code) * code);
        cs = cs + ((stiffness[c] * code) * s[c]);
      }
      const float codes = sum_lanes(cc);
      const float product = sum_lanes(cs);
      if (codes > 0.0F && product * product > best_gain * codes) {
        best_gain = product * product / codes;
        best = product / codes;
      }
    }
  }
  return half_of(best);
}

// ---- scale and minimum: Q2_K, Q4_K, Q5_K
// ---------------------------------------------------------

template <class Format>
struct AffineSuper {
  static constexpr int kColumns = Super<Format>::kColumns;
  Lanes scale[kColumns];    ///< whole
  Lanes minimum[kColumns];  ///< whole
  Lanes error[kColumns];
  float total = 0.0F;
  float d = 0.0F;
  float dmin = 0.0F;
};

template <class Format>
static inline void evaluate(const Super<Format>& block, AffineSuper<Format>& state) {
  state.total = 0.0F;
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    state.error[c] =
        affine_error(block.column[c], all_lanes(state.d) * state.scale[c],
                     all_lanes(state.dmin) * state.minimum[c], all_lanes(Format::kTop));
    state.total = state.total + sum_lanes(state.error[c]);
  }
}

/// Whole scales and minima nearest to those wished for.
template <class Format>
static inline void set_codes(const Lanes* scales, const Lanes* minima, AffineSuper<Format>& state) {
  const Lanes per_d = reciprocal(all_lanes(state.d));
  const Lanes per_dmin = reciprocal(all_lanes(state.dmin));
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    state.scale[c] = whole(scales[c] * per_d, 0.0F, Format::kMostScale);
    state.minimum[c] = whole(minima[c] * per_dmin, 0.0F, Format::kMostScale);
  }
}

template <int kColumns>
static inline float largest_of(const Lanes (&values)[kColumns]) {
  Lanes most = values[0];
  for (int c = 1; c < kColumns; ++c) most = larger(values[c], most);
  float v[8];
  store_lanes(v, most);
  float result = v[0];
  for (const float value : v) result = value > result ? value : result;
  return result;
}

/// From the range of each group, without a search.
template <class Format>
static inline AffineSuper<Format> plain_start(const Super<Format>& block) {
  constexpr int kColumns = Super<Format>::kColumns;
  AffineSuper<Format> state;
  Lanes scales[kColumns];
  Lanes minima[kColumns];
  for (int c = 0; c < kColumns; ++c) {
    Lanes low = all_lanes(0.0F);
    Lanes high = block.column[c].x[0];
    for (const Lanes& x : block.column[c].x) {
      low = smaller(x, low);
      high = larger(x, high);
    }
    scales[c] = larger(high - low, all_lanes(0.0F)) * all_lanes(1.0F / Format::kTop);
    minima[c] = all_lanes(0.0F) - low;
  }
  state.d = half_of(largest_of(scales) / Format::kMostScale);
  state.dmin = half_of(largest_of(minima) / Format::kMostScale);
  set_codes(scales, minima, state);
  evaluate(block, state);
  return state;
}

/// From fits of each group; minima are solved for again once the stored scales are known.
template <class Format>
static inline AffineSuper<Format> fitted_start(const Super<Format>& block) {
  constexpr int kColumns = Super<Format>::kColumns;
  const Lanes zero = all_lanes(0.0F);
  const Lanes top = all_lanes(Format::kTop);
  AffineSuper<Format> state;
  Lanes scales[kColumns];
  Lanes minima[kColumns];
  Lanes stiffness[kColumns];
  for (int c = 0; c < kColumns; ++c) {
    const AffineFit fit = fit_affine<Format>(block.column[c], Format::kTop, true);
    scales[c] = fit.scale;
    minima[c] = zero - fit.low;
    stiffness[c] = fit.stiffness;
  }
  state.d = fit_step(scales, stiffness, 0.0F, Format::kMostScale);
  set_codes(scales, minima, state);
  for (int c = 0; c < kColumns; ++c) {
    const Lanes scale = all_lanes(state.d) * state.scale[c];
    const Lanes inverse = reciprocal(scale);
    const AffineSums sums = affine_sums(block.column[c], inverse, minima[c] * inverse, top);
    const GroupMoments m = moments(block.column[c]);
    minima[c] = larger(((scale * sums.q) - m.x) / m.w, zero);
    stiffness[c] = m.w;
  }
  state.dmin = fit_step(minima, stiffness, 0.0F, Format::kMostScale);
  set_codes(scales, minima, state);
  evaluate(block, state);
  return state;
}

/// Each group takes the best of its whole scale and minimum and the eight around them.
template <class Format>
static inline void try_neighbours(const Super<Format>& block, AffineSuper<Format>& state) {
  const Lanes d = all_lanes(state.d);
  const Lanes dmin = all_lanes(state.dmin);
  state.total = 0.0F;
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    const Lanes scale = state.scale[c];
    const Lanes minimum = state.minimum[c];
    for (const float step : {-1.0F, 0.0F, 1.0F}) {
      const Lanes s = whole(scale + all_lanes(step), 0.0F, Format::kMostScale);
      for (const float other : {-1.0F, 0.0F, 1.0F}) {
        const Lanes m = whole(minimum + all_lanes(other), 0.0F, Format::kMostScale);
        const Lanes error = affine_error(block.column[c], d * s, dmin * m, all_lanes(Format::kTop));
        const Mask better = below(error, state.error[c]);
        state.scale[c] = choose(better, s, state.scale[c]);
        state.minimum[c] = choose(better, m, state.minimum[c]);
        state.error[c] = choose(better, error, state.error[c]);
      }
    }
    state.total = state.total + sum_lanes(state.error[c]);
  }
}

/// Solves for d and dmin with all whole numbers as they are.
template <class Format>
static inline AffineSuper<Format> solve_steps(const Super<Format>& block,
                                              const AffineSuper<Format>& from) {
  const Lanes zero = all_lanes(0.0F);
  Lanes ss = zero;
  Lanes sm = zero;
  Lanes mm = zero;
  Lanes sx = zero;
  Lanes mx = zero;
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    const Lanes s = from.scale[c];
    const Lanes m = from.minimum[c];
    const Lanes inverse = reciprocal(all_lanes(from.d) * s);
    const AffineSums sums = affine_sums(
        block.column[c], inverse, (all_lanes(from.dmin) * m) * inverse, all_lanes(Format::kTop));
    const GroupMoments all = moments(block.column[c]);
    ss = ss + ((s * s) * sums.qq);
    sm = sm + ((s * m) * sums.q);
    mm = mm + ((m * m) * all.w);
    sx = sx + (s * sums.qx);
    mx = mx + (m * all.x);
  }
  AffineSuper<Format> state = from;
  const float a = sum_lanes(ss);
  const float b = sum_lanes(sm);
  const float c = sum_lanes(mm);
  const float u = sum_lanes(sx);
  const float v = sum_lanes(mx);
  const float determinant = (a * c) - (b * b);
  if (determinant > 0.0F) {
    state.d = half_of(((c * u) - (b * v)) / determinant);
    state.dmin = half_of(((b * u) - (a * v)) / determinant);
  } else if (a > 0.0F) {
    state.d = half_of(u / a);
  }
  evaluate(block, state);
  return state;
}

template <class Format>
static inline void round_affine_super(const float* x, const float* w, std::byte* to) {
  Super<Format> block;
  load_super<Format>(x, w, block);
  AffineSuper<Format> best = plain_start(block);
  const AffineSuper<Format> fitted = fitted_start(block);
  if (fitted.total < best.total) best = fitted;
  for (int round = 0; round < Format::kImprovements; ++round) {
    const float before = best.total;
    try_neighbours(block, best);
    const AffineSuper<Format> solved = solve_steps(block, best);
    if (solved.total < best.total) best = solved;
    if (!(best.total < before)) break;
  }
  BlockParts parts;
  parts.d = best.d;
  parts.minimum = best.dmin;
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    float scale[8];
    float minimum[8];
    store_lanes(scale, best.scale[c]);
    store_lanes(minimum, best.minimum[c]);
    for (int lane = 0; lane < 8; ++lane) {
      parts.scales[(8 * c) + lane] = static_cast<std::int8_t>(scale[lane]);
      parts.minima[(8 * c) + lane] = static_cast<std::uint8_t>(minimum[lane]);
    }
    affine_codes(block.column[c], all_lanes(best.d) * best.scale[c],
                 all_lanes(best.dmin) * best.minimum[c], all_lanes(Format::kTop),
                 parts.codes + (c * 8 * Format::kSize));
  }
  Format::kPack(parts, to);
}

// ---- scales of both signs: Q3_K, Q6_K, IQ4_XS
// ----------------------------------------------------

template <class Format>
struct SignedSuper {
  static constexpr int kColumns = Super<Format>::kColumns;
  Lanes scale[kColumns];  ///< whole
  Lanes error[kColumns];
  float total = 0.0F;
  float d = 0.0F;
};

template <class Format>
static inline void evaluate(const Super<Format>& block, SignedSuper<Format>& state) {
  state.total = 0.0F;
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    state.error[c] =
        signed_error<typename Format::Levels>(block.column[c], all_lanes(state.d) * state.scale[c]);
    state.total = state.total + sum_lanes(state.error[c]);
  }
}

template <class Format>
static inline SignedSuper<Format> from_scales(const Super<Format>& block,
                                              const Lanes (&scales)[Super<Format>::kColumns],
                                              float d) {
  SignedSuper<Format> state;
  state.d = d;
  const Lanes per_d = reciprocal(all_lanes(d));
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    state.scale[c] = whole(scales[c] * per_d, Format::kLeastScale, Format::kMostScale);
  }
  evaluate(block, state);
  return state;
}

/// The largest number of each group on the level furthest out.
template <class Format>
static inline SignedSuper<Format> plain_signed_start(const Super<Format>& block) {
  constexpr int kColumns = Super<Format>::kColumns;
  Lanes scales[kColumns];
  Lanes magnitudes[kColumns];
  for (int c = 0; c < kColumns; ++c) {
    scales[c] = largest(block.column[c]) * all_lanes(1.0F / Format::Levels::kLowest);
    magnitudes[c] = magnitude(scales[c]);
  }
  return from_scales(block, scales, half_of(largest_of(magnitudes) / Format::kMostScale));
}

template <class Format>
static inline SignedSuper<Format> fitted_signed_start(const Super<Format>& block) {
  constexpr int kColumns = Super<Format>::kColumns;
  Lanes scales[kColumns];
  Lanes stiffness[kColumns];
  for (int c = 0; c < kColumns; ++c) {
    const SignedFit fit = fit_signed<Format, typename Format::Levels>(block.column[c]);
    scales[c] = fit.scale;
    stiffness[c] = fit.stiffness;
  }
  return from_scales(block, scales,
                     fit_step(scales, stiffness, Format::kLeastScale, Format::kMostScale));
}

template <class Format>
static inline void try_neighbours(const Super<Format>& block, SignedSuper<Format>& state) {
  const Lanes d = all_lanes(state.d);
  state.total = 0.0F;
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    const Lanes scale = state.scale[c];
    for (const float step : Format::kSteps) {
      const Lanes s = whole(scale + all_lanes(step), Format::kLeastScale, Format::kMostScale);
      const Lanes error = signed_error<typename Format::Levels>(block.column[c], d * s);
      const Mask better = below(error, state.error[c]);
      state.scale[c] = choose(better, s, state.scale[c]);
      state.error[c] = choose(better, error, state.error[c]);
    }
    state.total = state.total + sum_lanes(state.error[c]);
  }
}

template <class Format>
static inline SignedSuper<Format> solve_steps(const Super<Format>& block,
                                              const SignedSuper<Format>& from) {
  Lanes ss = all_lanes(0.0F);
  Lanes sx = all_lanes(0.0F);
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    const Lanes s = from.scale[c];
    const SignedSums sums =
        signed_sums<typename Format::Levels>(block.column[c], reciprocal(all_lanes(from.d) * s));
    ss = ss + ((s * s) * sums.qq);
    sx = sx + (s * sums.qx);
  }
  SignedSuper<Format> state = from;
  const float a = sum_lanes(ss);
  if (a > 0.0F) state.d = half_of(sum_lanes(sx) / a);
  evaluate(block, state);
  return state;
}

template <class Format>
static inline void round_signed_super(const float* x, const float* w, std::byte* to) {
  Super<Format> block;
  load_super<Format>(x, w, block);
  SignedSuper<Format> best = plain_signed_start(block);
  const SignedSuper<Format> fitted = fitted_signed_start(block);
  if (fitted.total < best.total) best = fitted;
  for (int round = 0; round < Format::kImprovements; ++round) {
    const float before = best.total;
    try_neighbours(block, best);
    const SignedSuper<Format> solved = solve_steps(block, best);
    if (solved.total < best.total) best = solved;
    if (!(best.total < before)) break;
  }
  BlockParts parts;
  parts.d = best.d;
  for (int c = 0; c < Super<Format>::kColumns; ++c) {
    float scale[8];
    store_lanes(scale, best.scale[c]);
    for (int lane = 0; lane < 8; ++lane) {
      parts.scales[(8 * c) + lane] = static_cast<std::int8_t>(scale[lane]);
    }
    signed_codes<typename Format::Levels>(block.column[c], all_lanes(best.d) * best.scale[c],
                                          parts.codes + (c * 8 * Format::kSize));
  }
  Format::kPack(parts, to);
}
