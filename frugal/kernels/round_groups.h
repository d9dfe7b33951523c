// Private to this folder, and no header of its own: part of round_loops.h.
//
// A group is what shares one scale.  Eight groups are searched side by side, one a lane, so that
// what is a number per group in the formulas is a vector here and nothing is summed across lanes.
//
// With codes q fixed, the weighted squared error is a quadratic form in the scale (and the low
// end), and its minimum is solved for.  Which codes?  Those nearest at some guess of scale and low
// end: a table of guesses that stretch or clip the range of the group is tried; from the best,
// codes and scale are improved in turn, which cannot raise the error but for rounding.

/// Half a range, in weighted standard deviations.
static constexpr float kSpreads[] = {1.3F, 1.7F, 2.2F, 2.9F};

/// Lane g of x[j] is number j of group g, that of w[j] its weight.
template <int kSize>
struct Groups {
  Lanes x[kSize];
  Lanes w[kSize];
};

/// A column of groups: kSize numbers each, `stride` apart.
template <int kSize>
static inline void load_groups(const float* x, const float* w, std::size_t stride,
                               Groups<kSize>& to) {
  for (int j = 0; j < kSize; j += 8) {
    load_turned(x + j, stride, to.x + j);
    load_turned(w + j, stride, to.w + j);
  }
}

static inline float sum_lanes(const Lanes& a) {
  float v[8];
  store_lanes(v, a);
  return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

static inline Lanes reciprocal(const Lanes& a) {  // 0 where there is none
  const Lanes zero = all_lanes(0.0F);
  return choose(below(zero, magnitude(a)), all_lanes(1.0F) / a, zero);
}

// ---- number = scale q + low, 0 <= q <= top ----------------------------------------------------

struct AffineFit {
  Lanes scale;
  Lanes low;
  Lanes error;
  Lanes stiffness;  ///< sum w q^2: what an error of the scale costs
};

/// Sums over a group, of the weights and with them.
struct AffineSums {
  Lanes q;
  Lanes qq;
  Lanes qx;
};

/// Codes nearest to x * inverse + offset.
template <int kSize>
static inline AffineSums affine_sums(const Groups<kSize>& g, const Lanes& inverse,
                                     const Lanes& offset, const Lanes& top) {
  const Lanes zero = all_lanes(0.0F);
  AffineSums even{zero, zero, zero};
  AffineSums odd{zero, zero, zero};
  const auto add = [&](int j, AffineSums& sums) {
    const Lanes q = nearest(smaller(larger((g.x[j] * inverse) + offset, zero), top));
    const Lanes wq = g.w[j] * q;
    sums.q = sums.q + wq;
    sums.qq = sums.qq + (wq * q);
    sums.qx = sums.qx + (wq * g.x[j]);
  };
  for (int j = 0; j < kSize; j += 2) {
    add(j, even);
    add(j + 1, odd);
  }
  return {even.q + odd.q, even.qq + odd.qq, even.qx + odd.qx};
}

struct GroupMoments {
  Lanes w;   ///< sum w
  Lanes x;   ///< sum w x
  Lanes xx;  ///< sum w x^2
};

template <int kSize>
static inline GroupMoments moments(const Groups<kSize>& g) {
  const Lanes zero = all_lanes(0.0F);
  GroupMoments m{zero, zero, zero};
  for (int j = 0; j < kSize; ++j) {
    const Lanes wx = g.w[j] * g.x[j];
    m.w = m.w + g.w[j];
    m.x = m.x + wx;
    m.xx = m.xx + (wx * g.x[j]);
  }
  return m;
}

/// Takes the least-squares scale and low end for these codes where they are better than `best`.
static inline void improve(const GroupMoments& m, const AffineSums& s, const Lanes& ceiling,
                           AffineFit& best) {
  const Lanes zero = all_lanes(0.0F);
  const Lanes two = all_lanes(2.0F);
  const Lanes determinant = (m.w * s.qq) - (s.q * s.q);
  const Lanes free_low = ((s.qq * m.x) - (s.q * s.qx)) / determinant;
  const Lanes low = choose(below(ceiling, free_low), ceiling, free_low);
  const Lanes scale = (s.qx - (low * s.q)) / s.qq;
  const Lanes error = (m.xx + (scale * ((scale * s.qq) - (two * s.qx)))) +
                      (low * (((low * m.w) - (two * m.x)) + ((two * scale) * s.q)));
  const Lanes kept = choose(below(zero, determinant), error, best.error);
  const Mask better = below(kept, best.error);
  best = {choose(better, scale, best.scale), choose(better, low, best.low),
          choose(better, error, best.error), choose(better, s.qq, best.stiffness)};
}

/// Guesses: codes 0 to top are laid over the range of the group less these parts of it at the low
/// and at the high end.
///
/// `zero_inside`: the low end may not be above 0, as where it is stored as something taken away.
template <class Search, int kSize>
static inline AffineFit fit_affine(const Groups<kSize>& g, float top_code, bool zero_inside) {
  const Lanes zero = all_lanes(0.0F);
  const Lanes top = all_lanes(top_code);
  Lanes low = g.x[0];
  Lanes high = g.x[0];
  for (int j = 1; j < kSize; ++j) {
    low = smaller(g.x[j], low);
    high = larger(g.x[j], high);
  }
  if (zero_inside) low = smaller(low, zero);
  const Lanes range = high - low;
  Groups<kSize> shifted;  // from 0: sums of squares lose no digits to a common offset
  for (int j = 0; j < kSize; ++j) {
    shifted.x[j] = g.x[j] - low;
    shifted.w[j] = g.w[j];
  }
  const GroupMoments m = moments(shifted);
  const Lanes ceiling = zero_inside ? zero - low : range;
  // Everything at code 0: the best that needs no scale.
  AffineFit best{zero, zero, m.xx, zero};
  const Lanes per_range = reciprocal(range);
  for (const float low_cut : Search::kLowCuts) {
    for (const float high_cut : Search::kHighCuts) {
      const float steps = top_code / (1.0F - low_cut - high_cut);
      const AffineSums sums =
          affine_sums(shifted, all_lanes(steps) * per_range, all_lanes(-low_cut * steps), top);
      improve(m, sums, ceiling, best);
    }
  }
  // Where few weights are large, the range says little; the spread of what counts says more.
  const Lanes mean = m.x / m.w;
  const Lanes spread = root(larger((m.xx / m.w) - (mean * mean), zero));
  for (const float width : kSpreads) {
    const Lanes half_range = all_lanes(width) * spread;
    const Lanes inverse = all_lanes(0.5F * top_code) * reciprocal(half_range);
    improve(m, affine_sums(shifted, inverse, (half_range - mean) * inverse, top), ceiling, best);
  }
  for (int round = 0; round < Search::kRounds; ++round) {
    const Lanes inverse = reciprocal(best.scale);
    improve(m, affine_sums(shifted, inverse, zero - (best.low * inverse), top), ceiling, best);
  }
  best.low = best.low + low;
  return best;
}

/// What is lost with these scales and low ends as they are stored: number = scale q - minimum.
template <int kSize>
static inline Lanes affine_error(const Groups<kSize>& g, const Lanes& scale, const Lanes& minimum,
                                 const Lanes& top) {
  const Lanes zero = all_lanes(0.0F);
  const Lanes inverse = reciprocal(scale);
  const Lanes offset = minimum * inverse;
  Lanes even = zero;
  Lanes odd = zero;
  const auto add = [&](int j, Lanes& sum) {
    const Lanes q = nearest(smaller(larger((g.x[j] * inverse) + offset, zero), top));
    const Lanes rest = g.x[j] - ((scale * q) - minimum);
    sum = sum + ((g.w[j] * rest) * rest);
  };
  for (int j = 0; j < kSize; j += 2) {
    add(j, even);
    add(j + 1, odd);
  }
  return even + odd;
}

/// The codes themselves, group after group.
template <int kSize>
static inline void affine_codes(const Groups<kSize>& g, const Lanes& scale, const Lanes& minimum,
                                const Lanes& top, std::uint8_t* codes) {
  const Lanes inverse = reciprocal(scale);
  const Lanes offset = minimum * inverse;
  for (int j = 0; j < kSize; ++j) {
    float q[8];
    store_lanes(q, nearest(smaller(larger((g.x[j] * inverse) + offset, all_lanes(0.0F)), top)));
    for (int lane = 0; lane < 8; ++lane) {
      codes[(lane * kSize) + j] = static_cast<std::uint8_t>(q[lane]);
    }
  }
}

// ---- number = scale * level, of a fixed set of levels of both signs -----------------------------

/// Whole numbers from -kHalf to kHalf - 1.
template <int kHalf>
struct WholeLevels {
  static constexpr float kLowest = -kHalf;
  static constexpr float kHighest = kHalf - 1;
  static inline Lanes nearest_to(const Lanes& t) {
    return nearest(smaller(larger(t, all_lanes(kLowest)), all_lanes(kHighest)));
  }
  static inline std::uint8_t code(float value) {
    return static_cast<std::uint8_t>(value + static_cast<float>(kHalf));
  }
};

/// Which code a level has, by its distance from the lowest; 0 between levels.
static constexpr std::array<std::uint8_t, 256> codes_of_levels() {
  std::array<std::uint8_t, 256> codes{};
  for (std::size_t code = 0; code < kLevelsIQ4.size(); ++code) {
    codes[static_cast<std::size_t>(kLevelsIQ4[code] - kLevelsIQ4[0])] =
        static_cast<std::uint8_t>(code);
  }
  return codes;
}
static constexpr std::array<std::uint8_t, 256> kCodeOfLevel = codes_of_levels();

/// The levels of IQ4_NL and IQ4_XS.
struct CurvedLevels {
  static constexpr float kLowest = -127.0F;
  static constexpr float kHighest = 113.0F;
  static inline Lanes nearest_to(const Lanes& t) { return nearest_level(t); }
  static inline std::uint8_t code(float value) {
    return kCodeOfLevel[static_cast<std::size_t>(static_cast<int>(value) - kLevelsIQ4[0])];
  }
};

struct SignedFit {
  Lanes scale;
  Lanes gain;       ///< (sum w q x)^2 / sum w q^2: the error is sum w x^2 less this
  Lanes stiffness;  ///< sum w q^2
};

struct SignedSums {
  Lanes qq;
  Lanes qx;
};

/// Levels nearest to x * inverse.
template <class Levels, int kSize>
static inline SignedSums signed_sums(const Groups<kSize>& g, const Lanes& inverse) {
  const Lanes zero = all_lanes(0.0F);
  SignedSums even{zero, zero};
  SignedSums odd{zero, zero};
  const auto add = [&](int j, SignedSums& sums) {
    const Lanes q = Levels::nearest_to(g.x[j] * inverse);
    const Lanes wq = g.w[j] * q;
    sums.qq = sums.qq + (wq * q);
    sums.qx = sums.qx + (wq * g.x[j]);
  };
  for (int j = 0; j < kSize; j += 2) {
    add(j, even);
    add(j + 1, odd);
  }
  return {even.qq + odd.qq, even.qx + odd.qx};
}

static inline void improve(const SignedSums& s, SignedFit& best) {
  const Lanes scale = s.qx * reciprocal(s.qq);
  const Lanes gain = scale * s.qx;
  const Mask better = below(best.gain, gain);
  best = {choose(better, scale, best.scale), choose(better, gain, best.gain),
          choose(better, s.qq, best.stiffness)};
}

/// Of each lane the x of largest magnitude, with its sign.
template <int kSize>
static inline Lanes largest(const Groups<kSize>& g) {
  Lanes most = g.x[0];
  for (int j = 1; j < kSize; ++j) {
    most = choose(below(magnitude(most), magnitude(g.x[j])), g.x[j], most);
  }
  return most;
}

/// Guesses say which level the largest number comes to lie on.
template <class Search, class Levels, int kSize>
static inline SignedFit fit_signed(const Groups<kSize>& g) {
  const Lanes zero = all_lanes(0.0F);
  const Lanes per_largest = reciprocal(largest(g));
  SignedFit best{zero, zero, zero};
  for (const float guess : Search::kGuesses) {
    improve(signed_sums<Levels>(g, all_lanes(guess) * per_largest), best);
  }
  const GroupMoments m = moments(g);
  const Lanes per_spread = reciprocal(root(m.xx / m.w));
  for (const float width : kSpreads) {
    improve(signed_sums<Levels>(g, all_lanes(Levels::kHighest / width) * per_spread), best);
  }
  for (int round = 0; round < Search::kRounds; ++round) {
    improve(signed_sums<Levels>(g, reciprocal(best.scale)), best);
  }
  return best;
}

template <class Levels, int kSize>
static inline Lanes signed_error(const Groups<kSize>& g, const Lanes& scale) {
  const Lanes zero = all_lanes(0.0F);
  const Lanes inverse = reciprocal(scale);
  Lanes even = zero;
  Lanes odd = zero;
  const auto add = [&](int j, Lanes& sum) {
    const Lanes rest = g.x[j] - (scale * Levels::nearest_to(g.x[j] * inverse));
    sum = sum + ((g.w[j] * rest) * rest);
  };
  for (int j = 0; j < kSize; j += 2) {
    add(j, even);
    add(j + 1, odd);
  }
  return even + odd;
}

template <class Levels, int kSize>
static inline void signed_codes(const Groups<kSize>& g, const Lanes& scale, std::uint8_t* codes) {
  const Lanes inverse = reciprocal(scale);
  for (int j = 0; j < kSize; ++j) {
    float q[8];
    store_lanes(q, Levels::nearest_to(g.x[j] * inverse));
    for (int lane = 0; lane < 8; ++lane) codes[(lane * kSize) + j] = Levels::code(q[lane]);
  }
}
