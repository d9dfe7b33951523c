#include "frugal/meter/redfish.h"

#include <gtest/gtest.h>

#include <map>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A controller of pages; one that is missing is refused, "hang" costs the whole timeout.
class RedfishTest : public testing::Test {
 protected:
  RedfishTest() {
    page("", R"({"Members":[{"@odata.id":"/redfish/v1/Chassis/Bay"},)"
             R"({"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/2"}]})");
    page("/Bay", R"({"Name":"drive bay"})");
    page("/1", R"({"Power":{"@odata.id":"/redfish/v1/Chassis/1/Power"}})");
    page("/1/Power", R"({"PowerControl":[{"PowerConsumedWatts":250}]})");
    page("/2", "{}");
    options_.request.url = "https://bmc/";
    options_.clock = clock_.function();
    options_.fetch = [this](const FetchRequest& request) { return fetch(request); };
  }
  void page(const std::string& path, std::string_view text) {
    pages_["https://bmc/redfish/v1/Chassis" + path] = text;
  }
  std::string fetch(const FetchRequest& request) {
    ++fetches_;
    EXPECT_TRUE(request.url.starts_with("https://bmc/redfish/")) << request.url;
    const auto found = pages_.find(request.url);
    if (found == pages_.end()) throw Error(ErrorKind::kNotFound, request.url + ": status 404");
    if (found->second == "hang") {
      clock_.advance(request.timeout.value());
      throw Error(ErrorKind::kIo, request.url + ": no answer");
    }
    return found->second;
  }
  [[nodiscard]] std::unique_ptr<Meter> meter() const { return open_redfish(options_); }
  std::string refusal() {
    try {
      (void)meter();
    } catch (const Error& error) {
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }

  FakeClock clock_;
  RedfishOptions options_;
  std::map<std::string, std::string> pages_;
  int fetches_ = 0;
};

TEST_F(RedfishTest, FindsTheFirstChassisThatShowsItsPower) {
  const auto redfish = meter();
  EXPECT_TRUE(contains(redfish->description(),
                       "/redfish/v1/Chassis/1; not added: "
                       "/redfish/v1/Chassis/2"))
      << redfish->description();
  redfish->start();
  for (int i = 0; i < 30; ++i) {
    clock_.advance(2.0);
    redfish->sample();
  }
  const Reading reading = redfish->stop().front();
  EXPECT_EQ(reading.domain, "node");
  EXPECT_EQ(reading.boundary, Boundary::kWall);
  EXPECT_EQ(reading.quality, Quality::kDerived);
  EXPECT_NEAR(reading.energy.value(), 15'000.0, 1e-3);
}

TEST_F(RedfishTest, PrefersTheNewerSchema) {
  page("/1", R"({"Power":{"@odata.id":"/redfish/v1/Chassis/1/Power"},)"
             R"("EnvironmentMetrics":{"@odata.id":"/redfish/v1/Chassis/1/EnvironmentMetrics"}})");
  page("/1/EnvironmentMetrics", R"({"PowerWatts":{"Reading":260.5}})");
  EXPECT_TRUE(contains(meter()->description(), "/PowerWatts/Reading"));
  page("/1/EnvironmentMetrics", R"({"PowerWatts":{"Reading":null}})");
  EXPECT_TRUE(contains(meter()->description(), "/PowerControl/0/PowerConsumedWatts"));
}

TEST_F(RedfishTest, BelievesNoZeroAndNoAbsurdity) {
  for (const std::string_view lie : {"0", "-3", "1e9", "\"250 W\"", "null"}) {
    page("/1/Power", R"({"PowerControl":[{"PowerConsumedWatts":250}]})");
    const auto redfish = meter();
    redfish->start();
    clock_.advance(2.0);
    page("/1/Power", str(R"({{"PowerControl":[{{"PowerConsumedWatts":{}}}]}})", lie));
    redfish->sample();
    clock_.advance(2.0);
    const Reading reading = redfish->stop().front();
    EXPECT_EQ(reading.quality, Quality::kUnavailable) << lie;
    EXPECT_TRUE(contains(reading.note, "2 of 3 samples failed")) << reading.note;
  }
  page("/1/Power", R"({"PowerControl":[{"PowerConsumedWatts":0}]})");
  EXPECT_TRUE(contains(refusal(), "no chassis shows its power"));
}

TEST_F(RedfishTest, FollowsNoLinkAwayFromTheController) {
  page("/1", R"({"Power":{"@odata.id":"https://elsewhere/redfish/v1/Power"}})");
  EXPECT_TRUE(contains(refusal(), "no chassis shows its power"));
  page("/1", R"({"Power":{"@odata.id":"//elsewhere/x"},"EnvironmentMetrics":{"@odata.id":7}})");
  EXPECT_TRUE(contains(refusal(), "no chassis shows its power"));
  page("", R"({"Members":[{"@odata.id":"@elsewhere"},7,null]})");
  EXPECT_TRUE(contains(refusal(), "lists no chassis"));
}

TEST_F(RedfishTest, EndsItsSearchOnAControllerThatHangs) {
  page("/Bay", "hang");
  const double before_s = clock_.function()().value();
  EXPECT_TRUE(contains(refusal(), "no answer"));
  EXPECT_LE(clock_.function()().value() - before_s, 10.0);
}

TEST_F(RedfishTest, AsksNoMoreThanALittleOfAnEndlessList) {
  std::string members;
  for (int i = 0; i < 5000; ++i) {
    members += str(R"({}{{"@odata.id":"/redfish/v1/Chassis/Bay"}})", i == 0 ? "" : ",");
  }
  page("", str(R"({{"Members":[{}]}})", members));
  EXPECT_NE(refusal(), "");
  EXPECT_LE(fetches_, 20);
}

TEST_F(RedfishTest, SaysWhatIsMissing) {
  page("", "<html>");
  EXPECT_NE(refusal(), "");
  pages_.clear();
  EXPECT_TRUE(contains(refusal(), "404"));
  options_.request.url = "";
  EXPECT_TRUE(contains(refusal(), "FRUGAL_METER_USER"));
}

}  // namespace
}  // namespace frugal::meter
