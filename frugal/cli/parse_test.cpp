#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/cli/child.h"
#include "frugal/cli/json_of.h"
#include "frugal/cli/number_list.h"
#include "frugal/cli/token_ids.h"

namespace frugal::cli {
namespace {

TEST(TokenIds, AnySeparatorWillDo) {
  const std::vector<text::TokenId> want = {1, 403, 407};
  EXPECT_EQ(parse_token_ids("1 403 407\n", "here"), want);
  EXPECT_EQ(parse_token_ids("[1, 403,407]", "here"), want);
  EXPECT_TRUE(parse_token_ids(" \n", "here").empty());
}

TEST(TokenIds, NamesTheWordThatIsNone) {
  for (const char* bad : {"1 x", "-1", "1.5", "99999999999", "0x10"}) {
    try {
      (void)parse_token_ids(bad, "ids.txt");
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      EXPECT_EQ(std::string(error.what()).rfind("ids.txt: '", 0), 0U) << error.what();
    }
  }
}

TEST(NumberList, ReadsListsAndRefusesTheRest) {
  EXPECT_EQ(parse_numbers("--threads", "1,2, 4", 8), (std::vector<std::size_t>{1, 2, 4}));
  EXPECT_TRUE(parse_numbers("--threads", "", 8).empty());
  for (const char* bad : {"0", "9", "1,,2", "a", "-1"}) {
    EXPECT_THROW((void)parse_numbers("--threads", bad, 8), Error) << bad;
  }
}

TEST(Child, PassesItsExitCodeAndItsSignal) {
  EXPECT_EQ(run_child({"true"}), 0);
  EXPECT_EQ(run_child({"sh", "-c", "exit 7"}), 7);
  EXPECT_EQ(run_child({"sh", "-c", "kill -TERM $$"}), 128 + 15);
}

TEST(Child, SaysWhatCannotBeStarted) {
  try {
    (void)run_child({"no-such-program-here"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
    EXPECT_NE(std::string(error.what()).find("no-such-program-here"), std::string::npos);
  }
}

TEST(JsonOf, AnUnknownEnergyIsAbsentAndNotZero) {
  meter::Reading reading;
  reading.domain = "package-0";
  reading.note = "no permission";
  const Json json = json_of(reading);
  EXPECT_FALSE(json.contains("energy_j"));
  EXPECT_EQ(json["quality"], "unavailable");
  EXPECT_EQ(text_of(reading), "energy unknown: no permission");
}

TEST(JsonOf, AReadingHasTheKeysOfTheContract) {
  meter::Reading reading;
  reading.domain = "package-0";
  reading.quality = meter::Quality::kMeasured;
  reading.energy = Joules(2.5);
  reading.uncertainty = Joules(0.1);
  reading.time = Seconds(2.0);
  EXPECT_EQ(to_line(json_of(reading)),
            R"({"domain":"package-0","boundary":"device","quality":"measured","energy_j":2.5,)"
            R"("energy_j_std":0.1,"time_s":2.0})");
}

}  // namespace
}  // namespace frugal::cli
