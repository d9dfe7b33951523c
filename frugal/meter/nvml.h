#pragma once

/// NVIDIA graphics processors.

#include <memory>
#include <string>

#include "frugal/base/clock.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

struct NvmlOptions {
  std::string library = "libnvidia-ml.so.1";
  ClockFn clock = monotonic_now;
};

/// One domain a processor, "gpu-" and the first eight digits of its UUID: the index differs from
/// the one that CUDA_VISIBLE_DEVICES means, the UUID does not.
///
/// Formula:       the energy counter where there is one (Volta and later): E = counter now −
///                counter before, measured; else the power sensor integrated over time, derived.
///                Deviation that of ProbeMeter; a sensor's own is taken as 5 %.
/// Units:         J; the counter is in mJ, the sensor in mW.
/// Resolution:    1 mJ, but the counter moves in steps of one update period.
/// Update period: about 100 ms (counter), 1 s (sensor: an average over the last second on most).
/// Wraps at:      never; starts again at 0 when the driver is loaded.
/// Needs:         the NVIDIA driver's libnvidia-ml.so.1 and read access to /dev/nvidiactl.
/// Notes:         MIG divides a processor but not its counter: the whole one is read, and named.
/// Errors:        kUnsupported or kPermission with what NVML says.
/// Threads:       one at a time.
/// Source:        NVML API reference, nvmlDeviceGetTotalEnergyConsumption and
///                nvmlDeviceGetPowerUsage; Yang et al. 2023, arXiv:2312.02741, for what they miss.
[[nodiscard]] std::unique_ptr<Meter> open_nvml(const NvmlOptions& options = {});

}  // namespace frugal::meter
