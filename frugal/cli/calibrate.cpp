#include "frugal/study/calibrate.h"

#include <CLI/CLI.hpp>

#include "frugal/base/clock.h"
#include "frugal/base/json.h"
#include "frugal/base/machine.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"
#include "frugal/meter/cpu_time.h"
#include "frugal/meter/energy_priors.h"
#include "frugal/meter/machine_file.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string output;
  double seconds = 1.0;
  std::size_t repeats = 5;
  bool priors = false;
};

std::string price_text(meter::Term term, double value) {
  return meter::term_unit(term) == "W" ? str("{:.3g} W", value) : human_si(value, "J");
}

std::string prices_text(const meter::EnergyModel& model) {
  std::string text;
  for (std::size_t i = 0; i < meter::kTerms; ++i) {
    const auto term = static_cast<meter::Term>(i);
    const auto& price = model[term];
    text += str("{:<8} ", meter::term_name(term));
    if (!price) {
      text += "unknown\n";
      continue;
    }
    text +=
        str("{:>10} ± {:<10} {}\n", price_text(term, price->value), price_text(term, price->std),
            price->fitted ? price->source : "prior: " + price->source);
  }
  return text;
}

Json intervals_json(const study::Calibration& found) {
  Json rows = Json::array();
  for (const study::FittedTerm& fitted : found.terms) {
    rows.push_back({{"term", meter::term_name(fitted.term)},
                    {"unit", meter::term_unit(fitted.term)},
                    {"value", fitted.price.value},
                    {"std", fitted.price.std},
                    {"low95", fitted.price.low95},
                    {"high95", fitted.price.high95}});
  }
  return rows;
}

std::string summary_text(const Options& options, const study::Calibration& found,
                         const meter::MachineFile& file) {
  std::string text = str("{}\n", file.model.name) + prices_text(file.model);
  text += str("{:<8} {:>10} ± {:<10} {}\n", "busy CPU", str("{:.3g} W", file.busy_cpu.value),
              str("{:.3g} W", file.busy_cpu.std), file.busy_cpu.source);
  text +=
      str("fitted to {} runs, {} lost; {} runs of mixed work that it did not see: median error "
          "{:.1f} %, p90 {:.1f} %\n",
          file.rows, found.lost, found.held_out.count, 100.0 * found.held_out.median,
          100.0 * found.held_out.p90);
  if (!options.output.empty()) text += str("wrote {}\n", options.output);
  return text;
}

meter::MachineFile machine_file(const Options& options, const study::Calibration& found,
                                const meter::Meter& meter) {
  const std::string name(meter.name());
  return {.machine = this_machine(options.common.sysfs),
          .made_at = utc_timestamp(),
          .made_by = version_line(),
          .meter = name,
          .quality = found.quality,
          .model = study::model_from(
              found, meter::prior_model(meter::read_processor(options.common.sysfs)), name),
          .busy_cpu = found.busy_cpu,
          .rows = found.runs.size() - found.held_out.count,
          .held_out = found.held_out};
}

void print_priors(const Options& options) {
  const auto model = meter::prior_model(meter::read_processor(options.common.sysfs));
  print_out(str("{}\n", model.name) + prices_text(model));
}

void run_calibrate(const Options& options) {
  if (options.priors) return print_priors(options);
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  const auto workloads =
      study::micro_workloads(kernels_of(options.common), threads_of(options.common));
  const study::Calibration found =
      study::calibrate(workloads, *meter,
                       {.each = Seconds(options.seconds),
                        .repeats = options.repeats,
                        .seed = options.common.seed,
                        .progress = progress_of(options.common),
                        .machine_cpu = meter::machine_cpu_time(options.common.sysfs)});
  const meter::MachineFile file = machine_file(options, found, *meter);
  if (!options.output.empty()) meter::save(file, options.output);
  if (!options.common.json) return print_out(summary_text(options, found, file));
  Json json = meter::to_json(file);
  json["fitted"] = intervals_json(found);
  json["lost"] = found.lost;
  print_out(to_line(json) + "\n");
}

}  // namespace

void setup_calibrate(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("calibrate", "fit the energy model to this machine's counter");
  verb->add_option("-o,--output", options->output, "write a machine file, for --machine");
  verb->add_option("--seconds", options->seconds,
                   "of each run; longer than five updates of the meter")
      ->check(CLI::Range(0.01, 600.0))
      ->capture_default_str();
  verb->add_option("--repeats", options->repeats, "of each of the nine workloads")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_flag("--priors", options->priors,
                 "only print what is assumed of this processor, with sources");
  add_common(*verb, options->common, {.meter = true, .compute = true, .seed = true});
  verb->footer(
      "Needs a counter: without one it says so and ends with code 5. Stop other work first.\n"
      "Examples:\n  frugal calibrate -o machine.json\n"
      "  frugal run model.gguf -p 'Once' --meter model --machine machine.json");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_calibrate(*options); }; });
}

}  // namespace frugal::cli
