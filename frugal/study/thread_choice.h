#pragma once

/// How many threads cost least, for reading and for writing apart.

#include <cstddef>
#include <span>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/kernels/kernels.h"
#include "frugal/meter/meter.h"
#include "frugal/model/model.h"
#include "frugal/study/speed.h"

namespace frugal::study {

struct ThreadChoiceOptions {
  std::vector<std::size_t> counts = {};       ///< to try; none: powers of two up to the CPUs
  const kernels::Kernels* kernels = nullptr;  ///< null: the best for this CPU
  std::size_t prompt_tokens = 64;             ///< read in each trial
  std::size_t output_tokens = 16;             ///< written in each trial
  std::size_t repeats = 3;
  ProgressFn progress = {};
};

struct ThreadChoice {
  std::size_t prompt = 1;
  std::size_t output = 1;
  bool by_joules = false;     ///< else by speed: the meter could not read
  std::vector<Speed> trials;  ///< reading first, by rising count
};

/// Measures each count in both phases and takes `cheapest` of each.
///
/// Errors: those of Engine and measure_speed; kInvalidArgument for a count of 0 or above 1024.
[[nodiscard]] ThreadChoice choose_threads(const model::Model& model,
                                          const ThreadChoiceOptions& options, meter::Meter& meter);

/// The fastest of those whose median joules per token are within 3 % of the least; the fastest of
/// all where one has no joules.
///
/// Why:    a difference of that size is noise, and who is done sooner may sleep sooner.
/// Errors: fails FRUGAL_CHECK for no trial.
[[nodiscard]] const Speed& cheapest(std::span<const Speed> trials);

}  // namespace frugal::study
