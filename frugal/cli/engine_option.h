#pragma once

/// What the common options say to an engine that generates.

#include "frugal/cli/common.h"
#include "frugal/engine/engine.h"
#include "frugal/meter/meter.h"
#include "frugal/model/model.h"

namespace frugal::cli {

/// Threads and kernels of a verb with CommonSet::generate.  `--threads auto` measures first, with
/// progress, and says on stderr what it chose unless --quiet.
[[nodiscard]] engine::EngineOptions engine_options_of(const CommonOptions& options,
                                                      const model::Model& model,
                                                      meter::Meter& meter);

}  // namespace frugal::cli
