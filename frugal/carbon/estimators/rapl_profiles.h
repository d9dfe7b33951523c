#pragma once

/// Power of whole processors over their load, as others measured it.  Private to `carbon`.

#include <array>
#include <cstddef>
#include <string_view>

namespace frugal::carbon::estimators {

inline constexpr std::size_t kLoadSteps = 11;  ///< 0, 10 … 100 % of all CPUs

struct RaplProfile {
  std::string_view processor;
  double tdp_w = 0.0;
  std::array<double, kLoadSteps> watts = {};
};

/// Source: CodeCarbon 3.3.0, codecarbon/data/hardware/cpu_load_profiling, the files of all cores:
///         rapl_energy over the duration of each step of 30 s.  The two of the E3-1240 v2 disagree.
inline constexpr std::array<RaplProfile, 5> kRaplProfiles = {
    {{"EPYC 8024P", 90, {18.3, 29.2, 38.6, 41.7, 43.1, 47.6, 48.7, 49.2, 50.9, 46.1, 46.2}},
     {"Threadripper 1950X",
      180,
      {42.7, 62.0, 78.3, 105.6, 127.6, 143.3, 172.5, 170.4, 169.2, 166.9, 167.1}},
     {"E3-1240 v2", 69, {5.5, 6.8, 8.1, 9.4, 14.1, 24.0, 29.5, 44.5, 47.2, 48.4, 49.4}},
     {"E3-1240 v2", 69, {7.5, 10.1, 12.7, 15.1, 23.8, 35.9, 58.3, 86.1, 91.7, 89.2, 93.4}},
     {"2 × E5-2620 v3",
      170,
      {15.9, 30.7, 38.2, 44.7, 62.2, 61.5, 75.8, 111.8, 115.8, 117.4, 105.0}}}};

}  // namespace frugal::carbon::estimators
