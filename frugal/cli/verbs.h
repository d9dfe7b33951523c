#pragma once

/// One row for each verb, in the order of the data flow; each lives in the file of its own name.

#include <CLI/App.hpp>
#include <array>
#include <functional>
#include <string>

namespace frugal::cli {

/// What a verb leaves behind when its options were understood: the work itself.
using Action = std::function<void()>;

/// What the process was started with.
struct Invocation {
  std::string command_line;
  Action action;      ///< set by the verb that was named
  int exit_code = 0;  ///< of a verb that passes another program's on
};

void setup_info(CLI::App& app, Invocation& invocation);
void setup_inspect(CLI::App& app, Invocation& invocation);
void setup_tokenize(CLI::App& app, Invocation& invocation);
void setup_meter(CLI::App& app, Invocation& invocation);
void setup_calibrate(CLI::App& app, Invocation& invocation);
void setup_run(CLI::App& app, Invocation& invocation);
void setup_bench(CLI::App& app, Invocation& invocation);
void setup_logits(CLI::App& app, Invocation& invocation);
void setup_eval(CLI::App& app, Invocation& invocation);
void setup_imatrix(CLI::App& app, Invocation& invocation);
void setup_compress(CLI::App& app, Invocation& invocation);
void setup_train(CLI::App& app, Invocation& invocation);
void setup_optimize(CLI::App& app, Invocation& invocation);
void setup_agent(CLI::App& app, Invocation& invocation);
void setup_carbon(CLI::App& app, Invocation& invocation);
void setup_report(CLI::App& app, Invocation& invocation);
void setup_completion(CLI::App& app, Invocation& invocation);

inline constexpr std::array kVerbs = {
    setup_info,     setup_inspect, setup_tokenize, setup_meter,   setup_calibrate, setup_run,
    setup_bench,    setup_logits,  setup_eval,     setup_imatrix, setup_compress,  setup_train,
    setup_optimize, setup_agent,   setup_carbon,   setup_report,  setup_completion};

/// "frugal 0.1.0".
[[nodiscard]] std::string version_line();

}  // namespace frugal::cli
