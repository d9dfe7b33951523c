#include <CLI/CLI.hpp>

#include "frugal/agent/drill.h"
#include "frugal/agent/suite.h"
#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/cli/agent_run.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::vector<std::string> scenarios;
  std::string split;
  bool brief = false;
  std::size_t count = 300;
  std::string out;
};

using LineFn = std::string (*)(const agent::Task& task);

void print_lines(std::size_t count, const std::function<std::string(std::size_t)>& line) {
  for (std::size_t i = 0; i < count; ++i) print_out(line(i));
}

void write_lines(const Options& options, std::size_t count,
                 const std::function<std::string(std::size_t)>& line) {
  if (options.out == "-") return print_lines(count, line);
  const ProgressFn progress = progress_of(options.common);
  constexpr std::size_t kBetweenUpdates = 256;
  AtomicFile file(options.out);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % kBetweenUpdates == 0) report_progress(progress, {"write", i, count});
    file.write(line(i));
  }
  file.commit();
}

void write_tasks(const Options& options, LineFn line) {
  const auto split = agent::split_from_name(options.split);
  if (!split) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--split {}: expected train, validation or test", printable(options.split)));
  }
  const auto tasks =
      agent::make_tasks(*split, options.common.seed, options.count, options.scenarios);
  write_lines(options, tasks.size(), [&](std::size_t i) { return line(tasks[i]); });
}

void add_output(CLI::App& verb, Options& options) {
  verb.add_option("-n,--count", options.count, "how many")->capture_default_str();
  verb.add_option("-o,--output", options.out,
                  "the file to write, a line each; - for standard output")
      ->required();
  add_common(verb, options.common, {.seed = true, .json = false});
}

void setup_drills(CLI::App& verb, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  add_output(verb, *options);
  verb.callback([options, &invocation] {
    invocation.action = [options] {
      write_lines(*options, options->count, [seed = options->common.seed](std::size_t i) {
        return agent::drill_line(seed, i);
      });
    };
  });
}

// What a verb writes of each task, and with --brief; null: it has no --brief.
struct Lines {
  LineFn whole = nullptr;
  LineFn brief = nullptr;
};

void setup_writer(CLI::App& verb, Invocation& invocation, const Lines& lines,
                  const std::string& split) {
  auto options = std::make_shared<Options>();
  options->split = split;
  verb.add_option("--scenario", options->scenarios,
                  "customer_service, tutoring, finance; all if not given")
      ->delimiter(',');
  verb.add_option("--split", options->split, "train, validation or test")->capture_default_str();
  if (lines.brief != nullptr) {
    verb.add_flag("--brief", options->brief, "without instructions and tools: a shorter lesson");
  }
  add_output(verb, *options);
  verb.callback([options, lines, &invocation] {
    invocation.action = [options, lines] {
      write_tasks(*options, options->brief ? lines.brief : lines.whole);
    };
  });
}

}  // namespace

void setup_agent(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("agent", "tasks with tools: make them, run them, score them");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n  frugal agent tasks --split test -n 300 -o suite.jsonl\n"
      "  frugal agent conversations -n 60000 -o train.jsonl\n"
      "  frugal agent drills -n 30000 -o drills.jsonl\n"
      "  frugal agent run model.gguf --suite suite.jsonl --trials 4");
  setup_writer(*verb->add_subcommand("tasks", "write a suite of tasks"), invocation,
               {.whole = agent::suite_line}, "test");
  setup_writer(*verb->add_subcommand("conversations", "write conversations to train a model on"),
               invocation, {.whole = agent::conversation_line, .brief = agent::brief_line},
               "train");
  setup_drills(*verb->add_subcommand("drills", "write exercises in copying, to train on first"),
               invocation);
  setup_agent_run(*verb->add_subcommand("run", "let a model work off a suite"), invocation);
}

}  // namespace frugal::cli
