#pragma once

/// Energy of a language model's token on graphics processors, from what the token needs.

#include <array>
#include <cstddef>
#include <string_view>

#include "frugal/base/linear_fit.h"
#include "frugal/base/units.h"

namespace frugal::meter {

/// A model that serves many requests side by side.
struct GpuRun {
  double active_billions = 0.0;  ///< parameters that take part in each token, P
  double total_billions = 0.0;   ///< all parameters, T
  double bytes_per_weight = 2.0;
  double gpus = 1.0;
  double batch = 1.0;          ///< requests side by side, B
  double output_tokens = 0.0;  ///< of a request, on average
};

inline constexpr std::size_t kGpuTerms = 5;
/// What each price is for, and its unit.
inline constexpr std::array<std::string_view, kGpuTerms> kGpuTermNames = {
    "byte of weights", "floating-point operation", "GPU and step", "GPU and token",
    "output token and root of a parameter"};

/// Per output token: bytes of weights touched by a step, shared by its batch,
/// T (1 − (1 − P/T)^B) · bytes / B (of experts, as many as B draws touch); operations 2 P; GPUs /
/// B, what a step costs a GPU whatever it does; GPUs, what a token costs it; and output_tokens ·
/// √P, keys and values read.  P and T in parameters. Source: the form follows docs/energy-model.md;
/// it was chosen with these data in view.
[[nodiscard]] std::array<double, kGpuTerms> gpu_amounts(const GpuRun& run);

struct GpuModel {
  std::array<Coefficient, kGpuTerms> prices;  ///< J per amount
  HoldOut by_model;                           ///< each model predicted from the others
  HoldOut by_architecture;    ///< the same, with all models of one size and shape left out together
  HoldOut by_task;            ///< each task predicted from the others
  double relative_std = 0.0;  ///< p90 of by_model / 1.645

  /// Of one output token, on all GPUs together: device boundary, no host.
  [[nodiscard]] Joules joules_per_token(const GpuRun& run) const;
};

/// Fitted to h100_runs() by non-negative least squares of relative errors, once.
/// Threads: any.
[[nodiscard]] const GpuModel& h100_model();

}  // namespace frugal::meter
