#pragma once

/// Private to this folder: eight floats that the rounding loops treat alike, as plain arrays.  The
/// other instruction sets have the same names; every operation gives the same bits there.

#include <cmath>
#include <cstddef>

#include "frugal/tensor/blocks.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels::scalar {

inline constexpr int kLanes = 8;

struct Lanes {
  float v[kLanes];
};

struct Mask {
  bool v[kLanes];
};

template <class Operation>
inline Lanes each_lane(const Operation& operation) {
  Lanes out;
  for (int i = 0; i < kLanes; ++i) out.v[i] = operation(i);
  return out;
}

inline Lanes all_lanes(float value) {
  return each_lane([&](int) { return value; });
}
inline Lanes operator+(const Lanes& a, const Lanes& b) {
  return each_lane([&](int i) { return a.v[i] + b.v[i]; });
}
inline Lanes operator-(const Lanes& a, const Lanes& b) {
  return each_lane([&](int i) { return a.v[i] - b.v[i]; });
}
inline Lanes operator*(const Lanes& a, const Lanes& b) {
  return each_lane([&](int i) { return a.v[i] * b.v[i]; });
}
inline Lanes operator/(const Lanes& a, const Lanes& b) {
  return each_lane([&](int i) { return a.v[i] / b.v[i]; });
}
/// The second where one of the two is NaN, as the vector instructions have it.
inline Lanes smaller(const Lanes& a, const Lanes& b) {
  return each_lane([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
}
inline Lanes larger(const Lanes& a, const Lanes& b) {
  return each_lane([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
}
inline Lanes magnitude(const Lanes& a) {
  return each_lane([&](int i) { return std::fabs(a.v[i]); });
}
inline Lanes root(const Lanes& a) {
  return each_lane([&](int i) { return std::sqrt(a.v[i]); });
}
/// To the nearest whole number, half to even.
inline Lanes nearest(const Lanes& a) {
  return each_lane([&](int i) { return std::nearbyint(a.v[i]); });
}
inline Mask below(const Lanes& a, const Lanes& b) {
  Mask out;
  for (int i = 0; i < kLanes; ++i) out.v[i] = a.v[i] < b.v[i];
  return out;
}
inline Lanes choose(const Mask& mask, const Lanes& yes, const Lanes& no) {
  return each_lane([&](int i) { return mask.v[i] ? yes.v[i] : no.v[i]; });
}
/// To the nearest number that a binary16 holds.
inline Lanes as_half(const Lanes& a) {
  return each_lane([&](int i) { return half_to_float(float_to_half(a.v[i])); });
}
/// To the nearest of kLevelsIQ4; half way to the lower.
inline Lanes nearest_level(const Lanes& a) {
  return each_lane([&](int i) {
    std::size_t level = 0;
    while (level + 1 < kLevelsIQ4.size() &&
           a.v[i] > 0.5F * static_cast<float>(kLevelsIQ4[level] + kLevelsIQ4[level + 1])) {
      ++level;
    }
    return static_cast<float>(kLevelsIQ4[level]);
  });
}
inline void store_lanes(float* to, const Lanes& a) {
  for (int i = 0; i < kLanes; ++i) to[i] = a.v[i];
}
/// Lane g of to[j] becomes from[g * stride + j], for 8 lanes and 8 j.
inline void load_turned(const float* from, std::size_t stride, Lanes* to) {
  for (std::size_t j = 0; j < kLanes; ++j) {
    for (std::size_t g = 0; g < kLanes; ++g) to[j].v[g] = from[(g * stride) + j];
  }
}

}  // namespace frugal::kernels::scalar
