#include "frugal/meter/http_meter.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class HttpMeterTest : public testing::Test {
 protected:
  HttpMeterTest() {
    options_.request.url = "http://plug/status";
    options_.pointer = "/meters/0/power";
    options_.clock = clock_.function();
    options_.fetch = [this](const FetchRequest& request) {
      EXPECT_EQ(request.url, "http://plug/status");
      if (body_.empty()) throw Error(ErrorKind::kIo, "http://plug/status: no answer in 2 s");
      return body_;
    };
  }
  void show(std::string_view value) { body_ = str(R"({{"meters":[{{"power":{}}}]}})", value); }
  Reading over_ten_seconds(Meter& meter, std::string_view last) {
    meter.start();
    for (int i = 0; i < 9; ++i) {
      clock_.advance(1.0);
      meter.sample();
    }
    clock_.advance(1.0);
    show(last);
    return meter.stop().front();
  }
  std::string refusal(ErrorKind kind) {
    try {
      (void)open_http(options_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown for " << body_;
    return {};
  }

  FakeClock clock_;
  HttpMeterOptions options_;
  std::string body_;
};

TEST_F(HttpMeterTest, IntegratesPowerInItsUnit) {
  options_.unit = "kW";
  show("0.25");
  const Reading reading = over_ten_seconds(*open_http(options_), "0.25");
  EXPECT_EQ(reading.quality, Quality::kDerived);
  EXPECT_EQ(reading.boundary, Boundary::kWall);
  EXPECT_NEAR(reading.energy.value(), 2500.0, 1e-3);
}

TEST_F(HttpMeterTest, CountsEnergyInItsUnit) {
  options_.unit = "kWh";
  show("\"1.500\"");  // some plugs send text
  const Reading reading = over_ten_seconds(*open_http(options_), "\"1.502\"");
  EXPECT_EQ(reading.quality, Quality::kMeasured);
  EXPECT_NEAR(reading.energy.value(), 7200.0, 1e-3);
  EXPECT_GT(reading.uncertainty.value(), 3600.0 / 3.5);  // a step of 1 Wh
}

TEST_F(HttpMeterTest, TakesNoAnswerForAFailedSample) {
  show("100");
  const auto meter = open_http(options_);
  meter->start();
  for (int i = 0; i < 20; ++i) {
    clock_.advance(1.0);
    i == 5 ? body_.clear() : show("100");
    meter->sample();
  }
  const Reading reading = meter->stop().front();
  EXPECT_NEAR(reading.energy.value(), 2000.0, 1e-3);
  EXPECT_TRUE(contains(reading.note, "no answer in 2 s")) << reading.note;
}

TEST_F(HttpMeterTest, TakesALieForNoValue) {
  for (const std::string_view lie :
       {"-5", "1e300", "1e7", "null", "\"much\"", "[]", "{}", "true", "\"nan\"", "\"inf\""}) {
    show("100");
    const auto meter = open_http(options_);
    meter->start();
    clock_.advance(1.0);
    show(lie);
    meter->sample();
    clock_.advance(1.0);
    show("100");
    const Reading reading = meter->stop().front();
    EXPECT_NEAR(reading.energy.value(), 200.0, 1e-3) << lie;
    EXPECT_TRUE(contains(reading.note, "1 of 3 samples failed")) << lie << reading.note;
  }
}

TEST_F(HttpMeterTest, RefusesWhatGivesNoNumberAtTheStart) {
  body_ = "<html>login</html>";
  EXPECT_NE(refusal(ErrorKind::kUnsupported), "");
  body_ = R"({"meters":{}})";
  EXPECT_TRUE(contains(refusal(ErrorKind::kUnsupported), "has no /meters/0/power"));
  body_ = R"({"meters":[]})";
  EXPECT_TRUE(contains(refusal(ErrorKind::kUnsupported), "has no /meters/0/power"));
  body_ = std::string(5000, '[');
  EXPECT_NE(refusal(ErrorKind::kUnsupported), "");
  body_.clear();
  EXPECT_TRUE(contains(refusal(ErrorKind::kUnsupported), "no answer"));
}

TEST_F(HttpMeterTest, NamesWhatItExpects) {
  show("1");
  options_.unit = "horsepower";
  EXPECT_TRUE(contains(refusal(ErrorKind::kInvalidArgument), "mW, W, kW, mJ, J, kJ, Wh, kWh"));
  options_.unit = "W";
  options_.pointer = "no slash";
  EXPECT_TRUE(contains(refusal(ErrorKind::kInvalidArgument), "expected a JSON pointer"));
  options_.pointer = "/x";
  options_.request.url = "";
  EXPECT_TRUE(contains(refusal(ErrorKind::kUnsupported), "--meter-url"));
}

}  // namespace
}  // namespace frugal::meter
