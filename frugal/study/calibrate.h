#pragma once

/// The energy model of this machine, fitted to its own counter.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "frugal/base/linear_fit.h"
#include "frugal/base/progress.h"
#include "frugal/meter/cpu_time.h"
#include "frugal/meter/energy_model.h"
#include "frugal/meter/machine_file.h"
#include "frugal/meter/meter.h"
#include "frugal/study/micro_workloads.h"

namespace frugal::study {

struct CalibrateOptions {
  Seconds each{1.0};        ///< of one run of one workload
  std::size_t repeats = 5;  ///< of each workload
  std::uint64_t seed = 1;   ///< of their order and of the bootstrap
  std::size_t replicates = 500;
  ProgressFn progress = {};
  /// Busy time of all processors, whoever uses them: the counter is everybody's.  Without it, or
  /// where it cannot be read, CPU seconds are those that the workload says.
  std::optional<meter::CpuTimeSource> machine_cpu = {};
};

/// One run of one workload on the meter.
struct CalibrationRun {
  std::size_t workload = 0;
  meter::Activity activity;
  Joules energy;
};

/// One term of the fit.
struct FittedTerm {
  meter::Term term = meter::Term::kIdle;
  Coefficient price = {};
};

struct Calibration {
  std::vector<CalibrationRun> runs;
  std::size_t lost = 0;           ///< runs that the meter could not read
  std::vector<FittedTerm> terms;  ///< those that some workload of the fit had
  meter::Price busy_cpu;          ///< mean over the workloads, ± their spread
  HoldOut held_out;               ///< of the mixed workloads
  meter::Quality quality = meter::Quality::kUnavailable;  ///< the worst of the readings
};

/// Runs every workload once unweighed and then `repeats` times, in an order drawn anew for each
/// round, and fits
/// E = Σ price · amount by non-negative least squares of relative errors.
///
/// Errors: kUnsupported where the meter is no counter: readings that are modelled or not there, or
///         energies that do not move, or CPU time that cannot be read; kInvalidArgument for no
///         repeats or runs below 10 ms; kIo where more than a quarter of the runs could not be
///         read.
/// Source: docs/energy-model.md.
[[nodiscard]] Calibration calibrate(std::span<const MicroWorkload> workloads, meter::Meter& meter,
                                    const CalibrateOptions& options);

/// The prices found, and `priors` for the terms that were not fitted.
[[nodiscard]] meter::EnergyModel model_from(const Calibration& calibration,
                                            const meter::EnergyModel& priors,
                                            const std::string& meter_name);

}  // namespace frugal::study
