#include "frugal/cli/compress_gptq.h"

#include <algorithm>
#include <cstdio>

#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

void tell_forecast(const compress::GptqForecast& forecast) {
  std::string line = str("GPTQ on {} matrices", forecast.matrices);
  if (forecast.finished > 0) line += str(", {} of them finished before", forecast.finished);
  line += str("; {} passes over {} tokens; up to {} of memory besides the model\n", forecast.passes,
              forecast.tokens, human_bytes(forecast.bytes));
  if (forecast.tokens < forecast.most_cols) {
    line += str("{} tokens for matrices of up to {} columns: a longer text would round better\n",
                forecast.tokens, forecast.most_cols);
  }
  std::fputs(line.c_str(), stderr);
}

struct Tally {
  std::size_t fed_back = 0;
  std::size_t searched = 0;
  std::size_t damped = 0;  ///< more than the usual
  std::uint64_t dead = 0;
};

Tally tally_of(const compress::GptqResult& result) {
  Tally tally;
  for (const compress::RoundedRecord& each : result.matrices) {
    ++(each.fed_back ? tally.fed_back : tally.searched);
    tally.damped += each.damping > 0.01 ? 1U : 0U;
    tally.dead += each.dead;
  }
  return tally;
}

}  // namespace

compress::GptqResult run_gptq(const TextRequest& request, bool quiet) {
  const CalibrationText read = read_calibration(request);
  compress::GptqOptions options{.rounding = request.rounding,
                                .context = request.flags.context,
                                .max_tokens = request.flags.max_tokens,
                                .sums_bytes = memory_of(request.flags),
                                .version = version_line()};
  options.rounding.notes = notes_of(request, read);
  compress::GptqJob job(read.model, read.tokens, request.output, std::move(options));
  if (!quiet) tell_forecast(job.forecast());
  return job.run();
}

Json gptq_json(const compress::GptqResult& result) {
  const Tally tally = tally_of(result);
  Json matrices = Json::array();
  for (const compress::RoundedRecord& each : result.matrices) {
    matrices.push_back({{"tensor", each.tensor},
                        {"type", name(each.type)},
                        {"method", each.fed_back ? "gptq" : "search"},
                        {"loss_search", each.loss_search},
                        {"loss_gptq", each.loss_gptq},
                        {"damping", each.damping},
                        {"dead_columns", each.dead}});
  }
  Json without = Json::array();
  for (const compress::Unweighted& each : result.without) {
    without.push_back({{"tensor", each.tensor}, {"why", each.why}});
  }
  return {{"by_gptq", tally.fed_back},
          {"by_search", tally.searched},
          {"finished_before", result.forecast.finished},
          {"passes", result.forecast.passes},
          {"tokens", result.forecast.tokens},
          {"matrices", matrices},
          {"without", without}};
}

std::string gptq_text(const compress::GptqResult& result) {
  const Tally tally = tally_of(result);
  std::string text = str("{} matrices by GPTQ, {} by the search, which lost less there\n",
                         tally.fed_back, tally.searched);
  if (tally.damped > 0) {
    text += str("{} matrices needed more than the usual damping of 0.01\n", tally.damped);
  }
  if (tally.dead > 0) {
    text += str("{} columns got no input from the text: their weights were rounded alone\n",
                tally.dead);
  }
  if (!result.without.empty()) {
    const compress::Unweighted& first = result.without.front();
    text += str("{} matrices rounded without the text: {} {}{}\n", result.without.size(),
                first.tensor, first.why, result.without.size() > 1 ? " …" : "");
  }
  return text;
}

}  // namespace frugal::cli
