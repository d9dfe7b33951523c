#include "frugal/cli/exit_option.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace frugal::cli {
namespace {

float parsed(const std::string& line) {
  CLI::App verb("verb");
  float confidence = 0.0F;
  add_exit_confidence(verb, confidence);
  verb.parse(line);
  return confidence;
}

TEST(ExitOption, IsOffUnlessAskedFor) {
  EXPECT_EQ(parsed(""), 0.0F);
  EXPECT_EQ(parsed("--exit-confidence 0.9"), 0.9F);
}

TEST(ExitOption, RefusesWhatNoProbabilityReachesFromBelow) {
  EXPECT_THROW((void)parsed("--exit-confidence -0.1"), CLI::ParseError);
  EXPECT_THROW((void)parsed("--exit-confidence high"), CLI::ParseError);
}

}  // namespace
}  // namespace frugal::cli
