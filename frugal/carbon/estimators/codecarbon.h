#pragma once

/// What CodeCarbon 3.3.0 says where it finds no counter: for comparison only.
///
/// No figure of this folder enters a result of ours; docs/carbon.md tells how far each is off.
/// Source: CodeCarbon 3.3.0, codecarbon/external/hardware.py, external/ram.py, core/cpu.py.

#include <cstddef>
#include <optional>

#include "frugal/base/units.h"

namespace frugal::carbon::estimators {

/// P = TDP · (0.1 + 0.9 · load³), its mode `cpu_load` for the whole machine.
/// Errors: a load outside [0, 1] is a bug, here and below.
[[nodiscard]] Watts codecarbon_cpu_by_load(Watts tdp, double load);

/// P = TDP · (CPU seconds / seconds) / CPUs, its mode for one process; no floor.
[[nodiscard]] Watts codecarbon_cpu_of_process(Watts tdp, double busy_cpus, std::size_t cpus);

/// The TDP of a processor that its table does not know: 4 W per thread.
[[nodiscard]] Watts codecarbon_unknown_tdp(std::size_t threads);

/// Half the TDP whatever the load; 85 W where nothing at all is known.
[[nodiscard]] Watts codecarbon_constant(std::optional<Watts> tdp);

enum class MemoryKind { kX86, kArm };

/// Modules that it supposes behind `gigabytes` of memory.
///
/// Formula: 1 up to 2 GB, 2 up to 16, 4 up to 64, 8 up to 128; above that modules of the largest
/// size s
///          of 128, 64 … 4 GB with s <= gigabytes / 8: ceil(gigabytes / s), at most 32.
[[nodiscard]] std::size_t codecarbon_memory_modules(double gigabytes);

/// 5 W per module on x86 and at least 10 W, 1.5 W and 3 W on ARM; the 5th to 8th module count 0.9,
/// the 9th to 16th 0.8, further ones 0.7.
[[nodiscard]] Watts codecarbon_memory(double gigabytes, MemoryKind kind = MemoryKind::kX86);

}  // namespace frugal::carbon::estimators
