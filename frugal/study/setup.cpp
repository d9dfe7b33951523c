#include "frugal/study/setup.h"

#include <algorithm>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/format/gguf.h"
#include "frugal/meter/window.h"
#include "frugal/model/huggingface.h"

namespace frugal::study {

std::vector<std::size_t> thread_counts(std::vector<std::size_t> wanted) {
  if (wanted.empty()) {
    for (std::size_t n = 1; n < usable_cpus(); n *= 2) wanted.push_back(n);
  }
  wanted.push_back(usable_cpus());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  return wanted;
}

meter::Quality quality_of(const std::function<std::unique_ptr<meter::Meter>()>& make_meter) {
  const auto meter = make_meter();
  return meter::total(meter::measure(*meter, [] {})).quality;
}

void refuse_to_replace_input(const StudyOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::equivalent(options.model, options.out_dir / "model.gguf", ignored)) return;
  throw Error(ErrorKind::kInvalidArgument,
              str("{}: would be replaced by the result, expected another output folder",
                  options.model.string()));
}

void write_choice(const StudyOptions& options, const std::filesystem::path& model,
                  const Json& plan) {
  const std::filesystem::path to = options.out_dir / "model.gguf";
  std::error_code ignored;
  if (!std::filesystem::equivalent(model, to, ignored)) {
    format::copy_gguf(*model::open_tensors(model), to);
  }
  AtomicFile file(options.out_dir / "plan.json");
  file.write(plan.dump(2) + "\n");
  file.commit();
}

void add_readings(std::vector<meter::Reading>& sum, const std::vector<meter::Reading>& more) {
  if (sum.empty()) {
    sum = more;
    return;
  }
  for (std::size_t d = 0; d < sum.size() && d < more.size(); ++d) {
    sum[d].energy += more[d].energy;
    sum[d].uncertainty += more[d].uncertainty;
    sum[d].time += more[d].time;
    sum[d].quality = std::max(sum[d].quality, more[d].quality);
  }
}

}  // namespace frugal::study
