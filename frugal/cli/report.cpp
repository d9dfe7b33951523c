#include "frugal/report/report.h"

#include <CLI/CLI.hpp>

#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string ledger;
  std::string output = "report.html";
};

void run_report(const Options& options) {
  const ledger::Ledger ledger(options.ledger, ledger::Ledger::Mode::kReadOnly);
  if (options.output == "-") return print_out(report::render_html(ledger));
  report::write_html(ledger, options.output);
  print_out(options.output + "\n");
}

}  // namespace

void setup_report(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("report", "a ledger as one page that works offline");
  verb->add_option("LEDGER", options->ledger, "ledger file")->required();
  verb->add_option("-o,--output", options->output, "HTML file to write; - for standard output")
      ->capture_default_str();
  add_common(*verb, options->common, {.json = false});
  verb->footer("Example:\n  frugal report out/ledger.sqlite -o report.html");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_report(*options); }; });
}

}  // namespace frugal::cli
