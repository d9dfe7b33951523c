#pragma once

/// What a machine file says that counted work cost, beside what the meter says.

#include <optional>

#include "frugal/cli/common.h"
#include "frugal/meter/energy_model.h"
#include "frugal/meter/meter.h"

namespace frugal::cli {

/// CPU seconds of this process since construction.
class CpuStopwatch {
 public:
  CpuStopwatch();
  [[nodiscard]] Seconds elapsed() const;

 private:
  Seconds started_;
};

/// The reading "work" of meter::price_of by the prices of `--machine`; nothing without that option.
/// Errors: those of load_machine_file.
[[nodiscard]] std::optional<meter::Reading> priced(const CommonOptions& options,
                                                   const meter::Activity& activity);

}  // namespace frugal::cli
