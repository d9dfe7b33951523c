#include "frugal/cli/compress_job.h"

#include <cstdio>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

void tell_forecast(const compress::JobForecast& forecast, const std::string& method) {
  std::string line = str("{} on {} matrices", method, forecast.matrices);
  if (forecast.finished > 0) line += str(", {} of them finished before", forecast.finished);
  line += str("; {} passes over {} tokens; up to {} of memory besides the model\n", forecast.passes,
              forecast.tokens, human_bytes(forecast.bytes));
  if (forecast.passes > 0 && forecast.tokens < forecast.most_cols) {
    line += str("{} tokens for matrices of up to {} columns: a longer text would do better\n",
                forecast.tokens, forecast.most_cols);
  }
  std::fputs(line.c_str(), stderr);
}

void check_text(const JobRequest& request, bool reads_text) {
  if (reads_text && request.flags.text.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: no text to calibrate on, expected --text FILE", request.option));
  }
  if (!reads_text && !request.flags.text.empty() && !request.text_used_before) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--text: {} learns from no text, expected none", request.option));
  }
}

struct Tally {
  std::size_t fed_back = 0;
  std::size_t plain = 0;
  std::size_t damped = 0;  ///< more than the usual
  std::uint64_t dead = 0;
  std::uint64_t zeros = 0;
};

Tally tally_of(const compress::JobResult& result) {
  Tally tally;
  for (const compress::RoundedRecord& each : result.matrices) {
    ++(each.fed_back ? tally.fed_back : tally.plain);
    tally.damped += each.damping > 0.01 ? 1U : 0U;
    tally.dead += each.dead;
    tally.zeros += each.zeros.value_or(0);
  }
  return tally;
}

// What every method tells of itself.
Json job_json(const compress::JobResult& result) {
  Json without = Json::array();
  for (const compress::Unweighted& each : result.without) {
    without.push_back({{"tensor", each.tensor}, {"why", each.why}});
  }
  return {{"finished_before", result.forecast.finished},
          {"passes", result.forecast.passes},
          {"tokens", result.forecast.tokens},
          {"without", without}};
}

std::string job_text(const compress::JobResult& result, const std::string& what_became_of_it) {
  std::string text;
  const Tally tally = tally_of(result);
  if (tally.damped > 0) {
    text += str("{} matrices needed more than the usual damping of 0.01\n", tally.damped);
  }
  if (!result.without.empty()) {
    const compress::Unweighted& first = result.without.front();
    text += str("{} matrices {}: {} {}{}\n", result.without.size(), what_became_of_it, first.tensor,
                first.why, result.without.size() > 1 ? " …" : "");
  }
  return text;
}

}  // namespace

compress::JobResult run_job(const JobRequest& request, bool quiet) {
  const model::Model model = model::describe(request.file);
  const std::unique_ptr<compress::MatrixMethod> method = request.make(*request.file);
  check_text(request, method->sums() != compress::Sums::kNone);
  const CalibrationText text = read_text(*request.file, request.flags.text);
  compress::MatrixJobOptions options{.rounding = request.rounding,
                                     .context = request.flags.context,
                                     .max_tokens = request.flags.max_tokens,
                                     .sums_bytes = memory_of(request.flags),
                                     .version = version_line()};
  format::Metadata& notes = options.rounding.notes;
  const format::Metadata own =
      notes_of(request.command_line, request.method, *request.rounding.kernels);
  for (const format::MetaEntry& entry : own.entries()) notes.set(entry.key, entry.value);
  note_text(request.flags, text, model, notes);
  compress::MatrixJob job(model, text.tokens, *method, request.output, std::move(options));
  if (!quiet) tell_forecast(job.forecast(), request.method);
  return job.run();
}

Json gptq_json(const compress::JobResult& result) {
  const Tally tally = tally_of(result);
  Json matrices = Json::array();
  for (const compress::RoundedRecord& each : result.matrices) {
    matrices.push_back({{"tensor", each.tensor},
                        {"type", name(each.type)},
                        {"method", each.fed_back ? "gptq" : "search"},
                        {"loss_search", *each.loss_plain},
                        {"loss_gptq", *each.loss_fed_back},
                        {"damping", each.damping},
                        {"dead_columns", each.dead}});
  }
  Json json = job_json(result);
  json.update({{"method", "gptq"},
               {"by_gptq", tally.fed_back},
               {"by_search", tally.plain},
               {"matrices", matrices}});
  return json;
}

std::string gptq_text(const compress::JobResult& result) {
  const Tally tally = tally_of(result);
  std::string text = str("{} matrices by GPTQ, {} by the search, which lost less there\n",
                         tally.fed_back, tally.plain);
  if (tally.dead > 0) {
    text += str("{} columns got no input from the text: their weights were rounded alone\n",
                tally.dead);
  }
  return text + job_text(result, "rounded without the text");
}

Json prune_json(const compress::JobResult& result, const std::string& method) {
  const Tally tally = tally_of(result);
  Json matrices = Json::array();
  for (const compress::RoundedRecord& each : result.matrices) {
    Json one = {{"tensor", each.tensor},
                {"type", name(each.type)},
                {"fed_back", each.fed_back},
                {"dead_columns", each.dead}};
    if (each.zeros) one["zeros"] = *each.zeros;
    if (each.loss_plain) one["loss_wanda"] = *each.loss_plain;
    if (each.loss_fed_back) one["loss_sparsegpt"] = *each.loss_fed_back;
    if (each.damping > 0.0) one["damping"] = each.damping;
    matrices.push_back(std::move(one));
  }
  Json json = job_json(result);
  json.update({{"method", method},
               {"zeros", tally.zeros},
               {"numbers", result.numbers},
               {"fed_back", tally.fed_back},
               {"matrices", matrices}});
  return json;
}

std::string prune_text(const compress::JobResult& result, const std::string& method) {
  const Tally tally = tally_of(result);
  const double part = result.numbers == 0 ? 0.0
                                          : 100.0 * static_cast<double>(tally.zeros) /
                                                static_cast<double>(result.numbers);
  std::string text = str("{} matrices pruned by {}: {} of {} numbers are 0 ({:.2f} %)\n",
                         result.matrices.size(), method, tally.zeros, result.numbers, part);
  if (method == "sparsegpt" && tally.plain > 0) {
    text += str("{} of them by wanda, which lost less there\n", tally.plain);
  }
  text += job_text(result, "left whole");
  return text + "zeros are stored like any number: this alone saves no bytes and no joules\n";
}

}  // namespace frugal::cli
