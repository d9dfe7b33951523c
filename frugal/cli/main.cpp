#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/cli/interrupt.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

constexpr int kInterruptedCode = 130;
constexpr int kBugCode = 1;

std::string command_line(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) {
    const std::string_view word = argv[i];
    line += line.empty() ? "" : " ";
    line += i == 0 ? word.substr(word.rfind('/') + 1) : word;
  }
  return line;
}

int usage_fault(const CLI::ParseError& fault) {
  std::fprintf(stderr, "frugal: %s; 'frugal --help' shows how\n", fault.what());
  return 2 + static_cast<int>(ErrorKind::kInvalidArgument);
}

int run(int argc, char** argv) {
  CLI::App app{
      "Finds the way to run a language model that costs the fewest joules, and proves it.\n"};
  app.name("frugal");
  app.set_version_flag("--version", version_line());
  app.require_subcommand(1);
  app.footer(
      "Examples, in the order of use:\n"
      "  frugal info                                   what this machine can run and measure\n"
      "  frugal run model.gguf -p 'Once upon a time'   text, then speed and joules\n"
      "  frugal bench model.gguf                       joules per token, prefill and decode\n"
      "  frugal optimize model.gguf --text t.txt -o out   the cheapest plan within a bound\n"
      "  frugal report out/ledger.sqlite               the proof as a page\n\n"
      "Exit codes: 0 done, 2 bad request, 3 not found, 4 corrupt file, 5 unsupported,\n"
      "            6 not permitted, 7 input or output failed, 130 interrupted.");
  Invocation invocation{.command_line = command_line(argc, argv), .action = {}, .exit_code = 0};
  for (const auto setup : kVerbs) setup(app, invocation);
  if (argc == 1) {
    std::fputs(app.help().c_str(), stdout);
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& fault) {
    return usage_fault(fault);
  }
  catch_interrupts();
  invocation.action();
  return invocation.exit_code;
}

}  // namespace
}  // namespace frugal::cli

// The one place of the program where faults end.
int main(int argc, char** argv) try {
  return frugal::cli::run(argc, argv);
} catch (const frugal::Error& error) {
  std::fprintf(stderr, "frugal: %s\n", error.what());
  return 2 + static_cast<int>(error.kind());
} catch (const frugal::cli::Interrupted&) {
  std::fputs("frugal: interrupted; nothing was left half-written\n", stderr);
  return frugal::cli::kInterruptedCode;
} catch (const std::bad_alloc&) {
  std::fputs("frugal: out of memory\n", stderr);
  return 2 + static_cast<int>(frugal::ErrorKind::kIo);
} catch (const std::exception& fault) {
  std::fprintf(stderr, "frugal: a bug: %s\n", fault.what());
  return frugal::cli::kBugCode;
}
