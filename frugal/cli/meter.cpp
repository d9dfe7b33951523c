#include "frugal/meter/meter.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/child.h"
#include "frugal/cli/common.h"
#include "frugal/cli/json_of.h"
#include "frugal/cli/verbs.h"
#include "frugal/meter/window.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::vector<std::string> command;
};

// What the command printed stays on stdout; the figures of a person go to stderr, as with `time`.
void print_text(const std::vector<meter::Reading>& readings, const meter::Meter& meter,
                Seconds time, int code) {
  std::string text = "\n";
  for (const meter::Reading& reading : readings) {
    text += str("{:<12} {}", reading.domain, text_of(reading));
    const bool known = reading.quality != meter::Quality::kUnavailable && time.value() > 0.0;
    if (known) text += str("  {} average", human_si((reading.energy / time).value(), "W"));
    text += "\n";
  }
  text += str("{:<12} {:.3f} s, exit code {}\n{:<12} {}\n", "time", time.value(), code, "meter",
              meter.description());
  std::fputs(text.c_str(), stderr);
}

void record(const Options& options, const std::string& command_line,
            const std::vector<meter::Reading>& readings) {
  if (options.common.ledger.empty()) return;
  ledger::Ledger ledger(options.common.ledger);
  const auto id = ledger.begin(run_info("meter", command_line, "", "{}"));
  ledger.add_readings(id, readings);
  ledger.finish(id);
}

void run_meter(const Options& options, const std::string& command_line, int& exit_code) {
  if (options.command.empty()) {
    throw Error(ErrorKind::kInvalidArgument, "meter: no command, expected frugal meter -- CMD…");
  }
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  meter::Span span(*meter);
  const Seconds started = monotonic_now();
  const int code = run_child(options.command);
  const Seconds time = monotonic_now() - started;
  const auto readings = span.stop();
  record(options, command_line, readings);
  exit_code = code;
  if (!options.common.json) return print_text(readings, *meter, time, code);
  print_out(to_line({{"command", options.command},
                     {"exit_code", code},
                     {"time_s", time.value()},
                     {"meter", {{"name", meter->name()}, {"description", meter->description()}}},
                     {"readings", json_of(readings)}}) +
            "\n");
}

}  // namespace

void setup_meter(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("meter", "weigh any command in joules");
  verb->add_option("CMD", options->command, "the command and its arguments, after --");
  add_common(*verb, options->common, {.ledger = true, .meter = true});
  verb->footer(
      "The command keeps stdin, stdout, stderr and its exit code; the figures go to stderr.\n"
      "Examples:\n  frugal meter -- make -j2\n  frugal meter --json -- sleep 1");
  verb->callback([options, &invocation] {
    invocation.action = [options, &invocation] {
      run_meter(*options, invocation.command_line, invocation.exit_code);
    };
  });
}

}  // namespace frugal::cli
