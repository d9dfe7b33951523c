#pragma once

/// NVIDIA's management library, opened at run time.  Private to `meter`.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "frugal/meter/probe.h"

namespace frugal::meter {

/// One graphics processor.
struct NvmlDevice {
  unsigned index = 0;
  std::string name;  ///< "NVIDIA H100 80GB HBM3", made printable
  std::string uuid;  ///< "GPU-5f0a1b2c-…", made printable; empty when it is not told
  bool mig = false;  ///< divided into instances
};

/// An opened library, initialised until destruction.
///
/// Errors:  the constructor throws kUnsupported or kPermission; later calls answer with a problem.
/// Threads: as NVML, which is safe to call from many.
/// Source:  NVML API reference guide; names and layouts are those of its version 2 functions.
class NvmlLibrary {
 public:
  explicit NvmlLibrary(const std::string& file);
  ~NvmlLibrary();
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;

  [[nodiscard]] unsigned device_count() const;
  [[nodiscard]] NvmlDevice device(unsigned index) const;
  /// Energy since the driver was loaded, in µJ from mJ.
  [[nodiscard]] ProbeValue energy(unsigned index) const;
  /// Power now (of the last second on most processors since Ampere), in µW from mW.
  [[nodiscard]] ProbeValue power(unsigned index) const;
  /// The largest power limit that may be set.
  [[nodiscard]] std::optional<Watts> max_power(unsigned index) const;

 private:
  struct Functions;
  std::unique_ptr<Functions> functions_;
};

}  // namespace frugal::meter
