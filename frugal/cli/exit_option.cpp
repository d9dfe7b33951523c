#include "frugal/cli/exit_option.h"

#include <CLI/CLI.hpp>

namespace frugal::cli {

void add_exit_confidence(CLI::App& verb, float& confidence) {
  verb.add_option(
          "--exit-confidence", confidence,
          "stop at the first exit that gives its likeliest token this probability; 0: never; "
          "not lossless, for models trained with exits")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

}  // namespace frugal::cli
