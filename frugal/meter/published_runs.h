#pragma once

/// Measurements of others, as they were when the program was built.

#include <string>
#include <string_view>
#include <vector>

#include "frugal/meter/gpu_model.h"

namespace frugal::meter {

/// One published configuration.
struct PublishedRun {
  std::string task = {};   ///< "chat", "gpqa", "fim"
  std::string model = {};  ///< "Qwen3-8B"
  GpuRun run = {};
  double joules_per_token = 0.0;  ///< of all its GPUs together
};

/// published/ml_energy_h100.csv.
[[nodiscard]] std::string_view h100_table();
/// The same, row by row.  A table that is not well formed is a bug.
[[nodiscard]] const std::vector<PublishedRun>& h100_runs();

}  // namespace frugal::meter
