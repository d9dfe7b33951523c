#include "frugal/meter/published_runs.h"

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

PublishedRun run_from(std::string_view line) {
  const std::vector<std::string_view> cells = split(line, ',');
  constexpr std::size_t kCells = 9;
  FRUGAL_CHECK(cells.size() == kCells);
  const auto number = [&](std::size_t i) {
    const auto value = parse_double(cells[i]);
    FRUGAL_CHECK(value && *value > 0.0);
    return *value;
  };
  return {.task = std::string(cells[0]),
          .model = std::string(cells[1]),
          .run = {.active_billions = number(2),
                  .total_billions = number(3),
                  .bytes_per_weight = number(4),
                  .gpus = number(5),
                  .batch = number(6),
                  .output_tokens = number(7)},
          .joules_per_token = number(8)};
}

}  // namespace

const std::vector<PublishedRun>& h100_runs() {
  static const std::vector<PublishedRun> kRuns = [] {
    std::vector<PublishedRun> runs;
    bool header = true;
    for (const std::string_view line : split(h100_table(), '\n')) {
      if (line.empty() || line.front() == '#') continue;
      if (!header) runs.push_back(run_from(line));
      header = false;
    }
    return runs;
  }();
  return kRuns;
}

}  // namespace frugal::meter
