#include "frugal/cli/carbon_request.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace frugal::cli {
namespace {

CarbonRequest parsed(const std::string& line) {
  CLI::App app;
  CarbonRequest request;
  add_request(app, request);
  app.parse(line);
  return request;
}

TEST(CarbonRequest, TakesASpanAndWhatIsKnownOfIt) {
  const CarbonRequest request =
      parsed("--joules 3.6e6 --joules-std 1000 --seconds 60 --tokens 500 --boundary wall");
  EXPECT_EQ(request.joules, 3.6e6);
  EXPECT_EQ(request.joules_std, 1000.0);
  EXPECT_EQ(request.seconds, 60.0);
  EXPECT_EQ(request.tokens, 500.0);
  EXPECT_EQ(request.boundary, "wall");
  EXPECT_FALSE(parsed("--joules 1").joules_std);  // unknown, not 0
}

TEST(CarbonRequest, RefusesWhatCannotBe) {
  for (const char* line : {"--joules -1", "--joules x", "--quality good", "--boundary street",
                           "--load 2", "--family z80", "--tokens 0"}) {
    EXPECT_THROW((void)parsed(line), CLI::ParseError) << line;
  }
}

TEST(CarbonRequest, ComparesOnlyWhenAskedAndWithAllThatWasSaid) {
  EXPECT_FALSE(compared_of(parsed("--load 0.5 --tdp 90")));
  const auto compared = compared_of(parsed("--compare --load 0.5 --tdp 90 --tokens 7 --family e5"));
  ASSERT_TRUE(compared);
  EXPECT_EQ(compared->load, 0.5);
  EXPECT_EQ(compared->tdp, Watts(90.0));
  EXPECT_EQ(compared->output_tokens, 7.0);
  EXPECT_TRUE(compared->family.has_value());
}

}  // namespace
}  // namespace frugal::cli
