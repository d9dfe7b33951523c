#include "frugal/meter/meter.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "frugal/base/atomic_file.h"
#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/child.h"
#include "frugal/cli/common.h"
#include "frugal/cli/impact_option.h"
#include "frugal/cli/json_of.h"
#include "frugal/cli/live_line.h"
#include "frugal/cli/meter_watch.h"
#include "frugal/cli/verbs.h"
#include "frugal/meter/cpu_time.h"
#include "frugal/meter/model.h"
#include "frugal/meter/program_share.h"
#include "frugal/net/http_server.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  CarbonOptions carbon;
  std::optional<double> interval_s;
  std::string series;
  bool live = false;
  std::optional<std::uint16_t> listen;
  std::vector<std::string> command;
};

/// All that one command cost.
struct Weighed {
  Watched watched;
  int code = 0;
  bool left_running = false;  ///< processes that outlived the command
  meter::CpuUse cpu;
  meter::Reading program;
  std::optional<meter::Reading> machine;  ///< where the readings are of the program alone
};

// What the command printed stays on stdout; the figures of a person go to stderr, as with `time`.
void print_text(const Weighed& weighed, const meter::Meter& meter) {
  std::string text = "\n";
  for (const meter::Reading& reading : weighed.watched.readings) {
    text += str("{:<12} {}", reading.domain, text_of(reading));
    const bool known = reading.quality != meter::Quality::kUnavailable;
    if (known && reading.time > Seconds(0.0)) {
      text += str("  {} average", power_text(reading.energy / reading.time));
    }
    const auto peak = weighed.watched.profile.peak(reading.domain);
    if (peak) text += str(", {} peak over {:.3g} s", power_text(peak->power), peak->window.value());
    text += "\n";
  }
  text += str("{:<12} {}\n", "program", text_of(weighed.program));
  if (weighed.machine) text += str("{:<12} {}\n", "machine", text_of(*weighed.machine));
  if (weighed.cpu.program) {
    text += str("{:<12} {:.3f} s of the program", "CPU time", weighed.cpu.program->value());
    if (weighed.cpu.machine) {
      text += str(", {:.3f} s of the machine", weighed.cpu.machine->value());
    }
    text += str("{}\n", weighed.left_running ? "; it left processes running, not counted" : "");
  }
  text += str("{:<12} {:.3f} s, exit code {}\n{:<12} {}\n", "time", weighed.watched.time.value(),
              weighed.code, "meter", meter.description());
  std::fputs(text.c_str(), stderr);
}

Json power_json(const Watched& watched) {
  Json rows = Json::array();
  for (const meter::Reading& reading : watched.readings) {
    if (reading.quality == meter::Quality::kUnavailable || reading.time <= Seconds(0.0)) continue;
    Json row = {{"domain", reading.domain}, {"average_w", (reading.energy / reading.time).value()}};
    if (const auto peak = watched.profile.peak(reading.domain)) {
      row["peak_w"] = peak->power.value();
      row["peak_time_s"] = peak->window.value();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void print_json(const Options& options, const Weighed& weighed, const meter::Meter& meter,
                const std::optional<CarbonResult>& impact) {
  Json json = {{"command", options.command},
               {"exit_code", weighed.code},
               {"time_s", weighed.watched.time.value()},
               {"meter",
                {{"name", meter.name()},
                 {"description", meter.description()},
                 {"cpu_time_s", weighed.watched.own_cpu_time.value()}}},
               {"readings", json_of(weighed.watched.readings)},
               {"power", power_json(weighed.watched)}};
  json["program"] = {{"reading", json_of(weighed.program)}, {"left_running", weighed.left_running}};
  if (weighed.cpu.program) json["program"]["cpu_time_s"] = weighed.cpu.program->value();
  json["machine"] = {{"cpus", weighed.cpu.cpus}};
  if (weighed.machine) json["machine"]["reading"] = json_of(*weighed.machine);
  if (weighed.cpu.machine) json["machine"]["cpu_time_s"] = weighed.cpu.machine->value();
  if (impact) json["impact"] = json_of(*impact)["impact"];
  print_out(to_line(json) + "\n");
}

// Kept where a ledger was named; grams and money where factors were.
std::optional<CarbonResult> record(const Options& options, const std::string& command_line,
                                   const Weighed& weighed, const ImpactTeller& teller) {
  ledger::Run done;
  done.info.verb = "meter";
  done.readings = weighed.watched.readings;
  if (options.common.ledger.empty()) return teller.of(done);
  ledger::Ledger ledger(options.common.ledger);
  const auto id = ledger.begin(run_info("meter", command_line, "", "{}"));
  ledger.add_readings(id, weighed.watched.readings);
  ledger.add_power(id, weighed.watched.power);
  done.id = id;
  const auto impact = teller.of(done);
  if (impact) cli::record(ledger, *impact);
  ledger.finish(id);
  return impact;
}

meter::Reading renamed(meter::Reading reading, const char* domain) {
  reading.domain = domain;
  return reading;
}

/// The model's own reading is of the program already; the machine's is made the same way.
void tell_apart(Weighed& weighed, const meter::Reading& modelled_machine) {
  for (const meter::Reading& reading : weighed.watched.readings) {
    if (reading.domain != "cpu" || reading.quality != meter::Quality::kModelled) continue;
    weighed.program = renamed(reading, "program");
    weighed.machine = renamed(modelled_machine, "machine");
    return;
  }
  weighed.program = meter::program_reading(weighed.watched.readings, weighed.cpu);
}

/// The model of all processors, whoever uses them.
std::unique_ptr<meter::ModelMeter> machine_model(const Options& options) {
  meter::ModelOptions model = meter::model_options_of(meter_options_of(options.common));
  model.cpu_time = meter::machine_cpu_time(options.common.sysfs);
  return std::make_unique<meter::ModelMeter>(std::move(model));
}

WatchOptions watch_options(const Options& options, const meter::Meter& meter, AtomicFile* series) {
  WatchOptions watch;
  // The model walks through all processes of the command each time: a counter is a read.
  if (meter.name() == "model") watch.interval = PowerLog::kInterval;
  if (options.interval_s) watch.interval = Seconds(*options.interval_s);
  const bool rows_on_stderr = options.interval_s && series == nullptr && !options.live;
  if (rows_on_stderr) std::fputs(meter::series_header().c_str(), stderr);
  auto line = options.live ? std::make_shared<LiveLine>() : nullptr;
  watch.on_lap = [=](Seconds at, const std::vector<meter::Reading>& lap) {
    if (series != nullptr) series->write(meter::series_lines(at, lap));
    if (rows_on_stderr) std::fputs(meter::series_lines(at, lap).c_str(), stderr);
    if (line) line->update(at, lap);
  };
  return watch;
}

Weighed weigh(const Options& options, meter::Meter& meter, AtomicFile* series) {
  const meter::CpuTimeSource machine = meter::machine_cpu_time(options.common.sysfs);
  Weighed weighed;
  const OrphanKeeper orphans;
  const auto modelled = machine_model(options);
  modelled->start();
  const auto machine_before = machine.read();
  const Seconds children_before = children_cpu_time();
  MeterWatch watch(meter, watch_options(options, meter, series));
  std::optional<net::HttpServer> server;
  if (options.listen) {
    server.emplace("127.0.0.1", *options.listen,
                   std::vector<net::HttpPage>{{.path = "/metrics",
                                               .content_type = "text/plain; version=0.0.4",
                                               .body = [&watch] { return watch.scrape(); }}});
    std::fputs(str("frugal: metrics at http://127.0.0.1:{}/metrics\n", server->port()).c_str(),
               stderr);
  }
  weighed.code = run_child(options.command);
  server.reset();  // it asks the watch
  weighed.left_running = orphans.reap();
  weighed.watched = watch.stop();
  const auto machine_after = machine.read();
  weighed.cpu.program = children_cpu_time() - children_before;
  if (machine_before && machine_after) weighed.cpu.machine = *machine_after - *machine_before;
  weighed.cpu.cpus = online_cpus();
  weighed.cpu.time = weighed.watched.time;
  tell_apart(weighed, meter::total(modelled->stop()));
  return weighed;
}

void run_meter(const Options& options, const std::string& command_line, int& exit_code) {
  const ImpactTeller teller(options.carbon);
  if (options.command.empty()) {
    throw Error(ErrorKind::kInvalidArgument, "meter: no command, expected frugal meter -- CMD…");
  }
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  std::optional<AtomicFile> series;
  if (!options.series.empty()) {
    series.emplace(options.series);
    series->write(meter::series_header());
  }
  const Weighed weighed = weigh(options, *meter, series ? &*series : nullptr);
  if (series) series->commit();
  const auto impact = record(options, command_line, weighed, teller);
  exit_code = weighed.code;
  if (options.common.json) return print_json(options, weighed, *meter, impact);
  print_text(weighed, *meter);
  if (impact) std::fputs(("\n" + text_of(*impact)).c_str(), stderr);
}

}  // namespace

void setup_meter(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("meter", "weigh any command in joules");
  verb->add_option("CMD", options->command, "the command and its arguments, after --");
  verb->add_option("--interval", options->interval_s,
                   "seconds between the rows of a time series (CSV) on stderr; 0.1 for the peak")
      ->check(CLI::Range(0.01, 3600.0));
  verb->add_option("--series", options->series, "write the time series to this file instead");
  verb->add_flag("--live", options->live, "a line on stderr that shows the power now");
  verb->add_option("--listen", options->listen,
                   "serve Prometheus text at http://127.0.0.1:PORT/metrics; 0 takes a free port");
  add_common(*verb, options->common, {.ledger = true, .meter = true});
  add_impact(*verb, options->carbon);
  verb->footer(
      "The command keeps stdin, stdout, stderr and its exit code; the figures go to stderr.\n"
      "Examples:\n  frugal meter -- make -j2\n  frugal meter --json -- sleep 1\n"
      "  frugal meter --interval 0.5 --series power.csv -- make");
  verb->callback([options, &invocation] {
    invocation.action = [options, &invocation] {
      run_meter(*options, invocation.command_line, invocation.exit_code);
    };
  });
}

}  // namespace frugal::cli
