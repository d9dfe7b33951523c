#pragma once

/// Our energy model and other tools' formulas against what others measured.

#include <string>

#include "frugal/base/linear_fit.h"

namespace frugal::carbon::estimators {

/// How far each is from the 274 H100 configurations of meter::h100_runs(), joules per output token
/// of the GPUs alone.
struct GpuErrors {
  HoldOut ours;             ///< each model predicted from the others
  HoldOut ecologits;        ///< its batch of 64; runs of up to 512, here and below
  HoldOut ecologits_batch;  ///< the batch that was run
};
[[nodiscard]] GpuErrors gpu_errors();

/// How far each is from the 55 points of kRaplProfiles, watts.
struct CpuErrors {
  HoldOut codecarbon;           ///< the cube of the load
  HoldOut codecarbon_constant;  ///< half the TDP
  HoldOut proportional;         ///< TDP × load
  HoldOut teads;
  HoldOut ours_uncalibrated;  ///< TDP (a + b · load), a and b from the other processors
  HoldOut ours_calibrated;    ///< idle + busy · load, from the other points of the same run
};
[[nodiscard]] CpuErrors cpu_errors();

/// The tables of docs/energy-model.md, in Markdown; a test holds the page to them.
[[nodiscard]] std::string gpu_validation();
[[nodiscard]] std::string cpu_validation();
/// The prices of meter::h100_model() with their intervals, and the priors with their sources.
[[nodiscard]] std::string gpu_prices();
[[nodiscard]] std::string prior_prices();

}  // namespace frugal::carbon::estimators
