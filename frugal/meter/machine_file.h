#pragma once

/// What `frugal calibrate` found on one machine, as a file that its like can load.

#include <filesystem>
#include <string>

#include "frugal/base/json.h"
#include "frugal/base/linear_fit.h"
#include "frugal/base/machine.h"
#include "frugal/meter/energy_model.h"

namespace frugal::meter {

/// docs/formats/machine.md.
struct MachineFile {
  Machine machine = {};                     ///< where it was made
  std::string made_at = {};                 ///< UTC
  std::string made_by = {};                 ///< "frugal 0.1.0"
  std::string meter = {};                   ///< "rapl"
  Quality quality = Quality::kUnavailable;  ///< of the meter's readings
  EnergyModel model = {};
  Price busy_cpu = {};    ///< W of one busy CPU above idle, as programs mix: ± over the workloads
  std::size_t rows = 0;   ///< weighed spans in the fit
  HoldOut held_out = {};  ///< mixed workloads that had no part in the fit
};

[[nodiscard]] Json to_json(const MachineFile& file);
/// Errors: kCorrupt, with `where` and the key, for anything but what to_json gives: a key that is
///         absent or of another type, a price that is negative, not finite or absurd; kUnsupported
///         for another version.
[[nodiscard]] MachineFile machine_file_from(const Json& json, std::string_view where);

/// Whole or not at all.  Errors: those of AtomicFile.
void save(const MachineFile& file, const std::filesystem::path& path);
/// Errors: those of read_text_file and machine_file_from; kInvalidArgument above 1 MiB.
[[nodiscard]] MachineFile load_machine_file(const std::filesystem::path& path);

/// A file as it holds on a machine, and what to say of that.
struct AdaptedMachine {
  MachineFile file;
  std::string note = {};  ///< empty where it was made on such a processor
};
/// Where the processor is another, or not known, each price gets half of itself as a further
/// deviation: what is known of load alone, and no better (docs/energy-model.md).
[[nodiscard]] AdaptedMachine adapt(MachineFile file, const Machine& here);

}  // namespace frugal::meter
