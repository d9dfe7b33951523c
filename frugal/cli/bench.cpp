#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/exit_option.h"
#include "frugal/cli/json_of.h"
#include "frugal/cli/number_list.h"
#include "frugal/cli/verbs.h"
#include "frugal/study/speed.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::size_t prefill = 256;
  std::size_t decode = 32;
  std::size_t repeats = 5;
  std::string batches = "1";
  std::string threads;
  float exit_confidence = 0.0F;
};

Json row_json(const study::Speed& speed) {
  Json row = {{"threads", speed.threads}};
  if (speed.phase == Phase::kDecode) row["batch"] = speed.batch;
  row["tokens"] = speed.tokens;
  row["tokens_per_s"] = speed.median_tokens_per_s();
  if (speed.rate_samples.size() > 1) row["tokens_per_s_std"] = speed.tokens_per_s().std_dev;
  if (!speed.joules_samples.empty()) {
    row["joules_per_token"] = speed.joules_per_token().mean;
    if (speed.joules_samples.size() > 1) {
      row["joules_per_token_half_width95"] = speed.joules_per_token().half_width95();
    }
  }
  return row;
}

std::string row_text(const study::Speed& speed) {
  std::string line = str("{:<8} {:>7} {:>6} {:>7} {:>12.1f}", phase_name(speed.phase),
                         speed.threads, speed.batch, speed.tokens, speed.median_tokens_per_s());
  const meter::Reading total = meter::total(speed.readings);
  if (speed.joules_samples.empty()) return line + "  " + text_of(total) + "\n";
  const Summary joules = speed.joules_per_token();
  line += str("  {:>10}", human_si(joules.mean, "J"));
  if (joules.count > 1) line += str(" ± {:.1f} %", 100.0 * joules.half_width95() / joules.mean);
  return line + str("  {}, scale ± {:.0f} %\n", meter::quality_name(total.quality),
                    100.0 * (total.uncertainty / total.energy));
}

void record(const Options& options, const std::string& command_line, const study::Speed& speed) {
  if (options.common.ledger.empty()) return;
  ledger::Ledger ledger(options.common.ledger);
  Json settings = row_json(speed);
  settings["phase"] = phase_name(speed.phase);
  const auto id = ledger.begin(run_info("bench", command_line, options.model, to_line(settings)));
  ledger::Metric rate;
  rate.name = "tokens_per_s";
  rate.value = speed.median_tokens_per_s();
  rate.count = static_cast<std::int64_t>(speed.rate_samples.size());
  ledger.add_metric(id, rate);
  if (!speed.joules_samples.empty()) {
    ledger::Metric joules;
    joules.name = "joules_per_token";
    joules.value = speed.joules_per_token().mean;
    joules.count = static_cast<std::int64_t>(speed.joules_samples.size());
    ledger.add_metric(id, joules);
  }
  ledger.add_readings(id, speed.readings);
  ledger.finish(id);
}

std::vector<study::Speed> measure_all(const Options& options, const model::Model& model) {
  auto threads = parse_numbers("--threads", options.threads, 1024);
  if (threads.empty()) threads = {threads_of(options.common)};
  const auto batches = parse_numbers("--batch", options.batches, 4096);
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  study::SpeedOptions speed{.repeats = options.repeats,
                            .seed = options.common.seed,
                            .progress = progress_of(options.common)};
  std::vector<study::Speed> rows;
  const auto measure = [&](Phase phase, std::size_t count, std::size_t batch, std::size_t tokens) {
    if (tokens == 0) return;
    engine::Engine engine(model, {.threads = count,
                                  .kernels = &kernels_of(options.common),
                                  .exit_confidence = options.exit_confidence});
    speed.batch = batch;
    speed.tokens = tokens;
    rows.push_back(study::measure_speed(engine, phase, speed, *meter));
  };
  for (const std::size_t count : threads) measure(Phase::kPrefill, count, 1, options.prefill);
  for (const std::size_t count : threads) {
    for (const std::size_t batch : batches) measure(Phase::kDecode, count, batch, options.decode);
  }
  return rows;
}

void run_bench(const Options& options, const std::string& command_line) {
  const model::Model model = model::load(options.model);
  const auto rows = measure_all(options, model);
  const std::string_view isa = kernels::isa_name(kernels_of(options.common).isa);
  Json json = {{"model", options.model},
               {"isa", isa},
               {"prefill", Json::array()},
               {"decode", Json::array()},
               {"readings", Json::array()}};
  std::string text = str("{}  isa {}\n{:<8} {:>7} {:>6} {:>7} {:>12}  {:>10}\n", options.model, isa,
                         "phase", "threads", "batch", "tokens", "token/s", "J/token");
  for (const study::Speed& row : rows) {
    record(options, command_line, row);
    json[phase_name(row.phase)].push_back(row_json(row));
    for (const Json& reading : json_of(row.readings)) json["readings"].push_back(reading);
    text += row_text(row);
  }
  print_out(options.common.json ? to_line(json) + "\n" : text);
}

}  // namespace

void setup_bench(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("bench", "speed and joules per token, prefill and decode");
  verb->add_option("MODEL", options->model, "GGUF file")->required();
  verb->add_option("-p,--prefill", options->prefill, "prompt tokens; 0: skip")
      ->capture_default_str();
  verb->add_option("-n,--decode", options->decode, "decoded tokens; 0: skip")
      ->capture_default_str();
  verb->add_option("-b,--batch", options->batches, "sequences decoded together, e.g. 1,4,16")
      ->capture_default_str();
  verb->add_option("-r,--repeats", options->repeats, "counted repeats of each row")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_option("-t,--threads", options->threads, "thread counts, e.g. 1,2");
  add_exit_confidence(*verb, options->exit_confidence);
  verb->add_option("--isa", options->common.isa, "instruction set; the best if not given");
  add_common(*verb, options->common, {.ledger = true, .meter = true, .seed = true});
  verb->footer("Example:\n  frugal bench model.gguf -p 256 -n 32 -b 1,16 -t 1,2");
  verb->callback([options, &invocation] {
    invocation.action = [options, line = invocation.command_line] { run_bench(*options, line); };
  });
}

}  // namespace frugal::cli
