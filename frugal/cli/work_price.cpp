#include "frugal/cli/work_price.h"

#include "frugal/base/machine.h"
#include "frugal/meter/cpu_time.h"
#include "frugal/meter/machine_file.h"

namespace frugal::cli {

namespace {
Seconds cpu_now() {
  return meter::process_cpu_time().read().value_or(Seconds(0.0));
}
}  // namespace

CpuStopwatch::CpuStopwatch() : started_(cpu_now()) {}

Seconds CpuStopwatch::elapsed() const {
  return cpu_now() - started_;
}

std::optional<meter::Reading> priced(const CommonOptions& options,
                                     const meter::Activity& activity) {
  if (options.machine.empty()) return std::nullopt;
  const meter::AdaptedMachine machine =
      meter::adapt(meter::load_machine_file(options.machine), this_machine(options.sysfs));
  meter::Reading reading = meter::price_of(activity, machine.file.model);
  if (reading.note.empty()) reading.note = machine.note;
  return reading;
}

}  // namespace frugal::cli
