#include <CLI/CLI.hpp>

#include "frugal/base/json.h"
#include "frugal/base/machine.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
};

std::string isa_list() {
  std::string names;
  for (const kernels::Kernels* table : kernels::runnable_kernels()) {
    names += names.empty() ? "" : " ";
    names += kernels::isa_name(table->isa);
  }
  return names;
}

void print_json(const Machine& machine, const std::vector<meter::MeterStatus>& meters,
                const kernels::Kernels& chosen) {
  Json json = {{"version", FRUGAL_VERSION},
               {"compiler", __VERSION__},
               {"processor", machine.processor},
               {"cpus", machine.cpus},
               {"memory_bytes", machine.memory_bytes},
               {"kernel", machine.kernel},
               {"isa", kernels::isa_name(chosen.isa)}};
  json["isas"] = Json::array();
  for (const kernels::Kernels* table : kernels::runnable_kernels()) {
    json["isas"].push_back(kernels::isa_name(table->isa));
  }
  json["meters"] = Json::array();
  for (const meter::MeterStatus& status : meters) {
    json["meters"].push_back({{"name", status.name},
                              {"available", status.available},
                              {"quality", meter::quality_name(status.quality)},
                              {"detail", status.detail}});
  }
  print_out(to_line(json) + "\n");
}

void run_info(const Options& options) {
  const Machine machine = this_machine(options.common.sysfs);
  const auto meters = meter::survey(meter_options_of(options.common));
  const kernels::Kernels& chosen = kernels_of(options.common);
  if (options.common.json) return print_json(machine, meters, chosen);
  const auto or_unknown = [](const std::string& text) {
    return text.empty() ? std::string("unknown") : text;
  };
  std::string text = version_line() + "\n";
  text += str("processor        {}\n", or_unknown(machine.processor));
  text += str("CPUs             {}\n", machine.cpus);
  text += str("memory           {}\n",
              machine.memory_bytes == 0 ? "unknown" : human_bytes(machine.memory_bytes));
  text += str("kernel           {}\n", or_unknown(machine.kernel));
  text += str("instruction sets {} (uses {})\n", isa_list(), kernels::isa_name(chosen.isa));
  text += "meters\n";
  for (const meter::MeterStatus& status : meters) {
    text += str("  {:<8} {:<12} {}\n", status.name,
                status.available ? meter::quality_name(status.quality) : "absent", status.detail);
  }
  print_out(text);
}

}  // namespace

void setup_info(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("info", "what this machine can run and measure");
  add_common(*verb, options->common, {.meter = true, .compute = true});
  verb->callback([options, &invocation] { invocation.action = [options] { run_info(*options); }; });
}

}  // namespace frugal::cli
