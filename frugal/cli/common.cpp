#include "frugal/cli/common.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/machine.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/cli/interrupt.h"
#include "frugal/cli/progress_bar.h"
#include "frugal/cli/verbs.h"
#include "frugal/net/http_client.h"

namespace frugal::cli {

namespace {

/// Empty where it is not set.
std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): main thread
  return value == nullptr ? "" : value;
}

std::string fetch_over_net(const meter::FetchRequest& request) {
  constexpr int kOk = 200;
  constexpr int kUnauthorised = 401;
  constexpr int kForbidden = 403;
  net::HttpReply reply = net::http_get({.url = request.url,
                                        .user = request.user,
                                        .password = request.password,
                                        .check_certificate = request.check_certificate,
                                        .timeout = request.timeout});
  if (reply.status == kOk) return std::move(reply.body);
  const bool refused = reply.status == kUnauthorised || reply.status == kForbidden;
  throw Error(refused ? ErrorKind::kPermission : ErrorKind::kNotFound,
              str("{}: status {}{}", printable(request.url, 200), reply.status,
                  refused ? ": set FRUGAL_METER_USER and FRUGAL_METER_PASSWORD" : ""));
}

void add_threads(CLI::App& verb, CommonOptions& options, bool generate) {
  const CLI::Range range(1, 1024);
  if (!generate) {
    verb.add_option("-t,--threads", options.threads, "threads; as many as CPUs if not given")
        ->check(range);
    return;
  }
  const auto set = [&options](const std::string& text) {
    options.auto_threads = text == "auto";
    if (!options.auto_threads) options.threads = static_cast<std::size_t>(*parse_int(text));
  };
  auto* threads = verb.add_option_function<std::string>(
      "-t,--threads", set,
      "threads, or auto: those of least joules per token, measured first; as many as CPUs if not "
      "given");
  threads->type_name("UINT|auto")->check([range](const std::string& text) {
    std::string number = text;
    return text == "auto" ? std::string() : range(number);
  });
  verb.add_option("--threads-batch", options.prompt_threads,
                  "threads while prompts are read; as --threads if not given")
      ->check(range);
}

}  // namespace

std::string version_line() {
  return "frugal " FRUGAL_VERSION;
}

void add_common(CLI::App& verb, CommonOptions& options, const CommonSet& set) {
  if (set.compute) {
    add_threads(verb, options, set.generate);
    verb.add_option("--isa", options.isa,
                    "instruction set: scalar, avx2, avx512; the best if not given (FRUGAL_ISA)");
  }
  if (set.seed)
    verb.add_option("--seed", options.seed, "of everything random")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
  if (set.meter) {
    verb.add_option("--meter", options.meter, meter::meter_names() + "; hwmon:CHIP names one chip")
        ->capture_default_str();
    verb.add_option("--cpu-watts", options.cpu_watts, "power of one busy CPU, for the model")
        ->check(CLI::Range(0.01, 10000.0));
    verb.add_option("--machine", options.machine,
                    "a machine file of frugal calibrate, for the model");
    verb.add_option("--meter-url", options.meter_url,
                    "where the meters redfish and http are (account: FRUGAL_METER_USER, "
                    "FRUGAL_METER_PASSWORD)");
    verb.add_option("--meter-pointer", options.meter_pointer,
                    "for http: JSON pointer to the number, such as /meters/0/power");
    verb.add_option("--meter-unit", options.meter_unit, "for http: mW, W, kW, mJ, J, kJ, Wh or kWh")
        ->capture_default_str();
    verb.add_flag("--meter-insecure", options.meter_insecure,
                  "take any certificate of --meter-url");
    verb.add_option("--sysfs", options.sysfs, "read /sys and /proc from under this folder")
        ->capture_default_str();
  }
  if (set.ledger) verb.add_option("--ledger", options.ledger, "append this run to a ledger file");
  if (set.json) verb.add_flag("--json", options.json, "one JSON object on stdout");
  verb.add_flag("-q,--quiet", options.quiet, "no progress on stderr");
}

const kernels::Kernels& kernels_of(const CommonOptions& options) {
  if (!options.isa.empty()) return kernels::choose_kernels(options.isa);
  const char* forced = std::getenv("FRUGAL_ISA");  // NOLINT(concurrency-mt-unsafe): main thread
  return kernels::choose_kernels(forced == nullptr ? "" : forced);
}

std::size_t threads_of(const CommonOptions& options) {
  return options.threads == 0 ? usable_cpus() : options.threads;
}

meter::MeterOptions meter_options_of(const CommonOptions& options) {
  meter::MeterOptions out{.name = options.meter, .root = options.sysfs};
  out.nvml_library = environment("FRUGAL_NVML");
  out.request = {.url = options.meter_url,
                 .user = environment("FRUGAL_METER_USER"),
                 .password = environment("FRUGAL_METER_PASSWORD"),
                 .check_certificate = !options.meter_insecure};
  out.machine = options.machine;
  out.pointer = options.meter_pointer;
  out.unit = options.meter_unit;
  out.fetch = fetch_over_net;
  if (options.cpu_watts) out.cpu_power = Watts(*options.cpu_watts);
  return out;
}

ProgressFn progress_of(const CommonOptions& options) {
  if (options.quiet) {
    return [](const ProgressUpdate& /*update*/) { throw_if_interrupted(); };
  }
  auto bar = std::make_shared<ProgressBar>(isatty(STDERR_FILENO) != 0);
  return [bar](const ProgressUpdate& update) {
    throw_if_interrupted();
    bar->update(update);
  };
}

ledger::RunInfo run_info(std::string_view verb, const std::string& command_line,
                         const std::string& model, const std::string& settings) {
  const std::filesystem::path path(model);  // a folder may be given with a slash at its end
  return {.verb = std::string(verb),
          .command = command_line,
          .model = (path.has_filename() ? path : path.parent_path()).filename().string(),
          .plan = "",
          .settings = settings,
          .machine = to_line(this_machine()),
          .version = version_line()};
}

void print_out(std::string_view text) {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    throw Error(ErrorKind::kIo, str("standard output: {}", std::strerror(errno)));
  }
}

std::string read_input(const std::string& path) {
  if (path != "-") return read_text_file(path);
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

}  // namespace frugal::cli
