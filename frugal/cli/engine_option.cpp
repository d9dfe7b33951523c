#include "frugal/cli/engine_option.h"

#include <cstdio>

#include "frugal/base/str.h"
#include "frugal/study/thread_choice.h"

namespace frugal::cli {

engine::EngineOptions engine_options_of(const CommonOptions& options, const model::Model& model,
                                        meter::Meter& meter) {
  engine::EngineOptions out{.threads = threads_of(options),
                            .prompt_threads = options.prompt_threads,
                            .kernels = &kernels_of(options)};
  if (!options.auto_threads) return out;
  study::ThreadChoice choice;
  {
    const ProgressFn progress = progress_of(options);
    choice = study::choose_threads(model, {.kernels = out.kernels, .progress = progress}, meter);
  }
  out.threads = choice.output;
  if (options.prompt_threads == 0) out.prompt_threads = choice.prompt;
  if (!options.quiet) {
    const std::string line =
        str("threads  {} to read prompts, {} to write: {}\n", out.prompt_threads, out.threads,
            choice.by_joules ? "least joules per token" : "fastest, no meter can read");
    std::fputs(line.c_str(), stderr);
  }
  return out;
}

}  // namespace frugal::cli
