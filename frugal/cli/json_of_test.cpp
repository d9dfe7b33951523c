#include "frugal/cli/json_of.h"

#include <gtest/gtest.h>

namespace frugal::cli {
namespace {

meter::Reading measured() {
  return {.domain = "package-0",
          .boundary = meter::Boundary::kDevice,
          .quality = meter::Quality::kMeasured,
          .energy = Joules(2.5),
          .uncertainty = Joules(0.1),
          .time = Seconds(2.0),
          .note = ""};
}

account::Receipt receipt_of(const meter::Reading& reading) {
  Work work;
  work[Phase::kPrefill].prompt_tokens = 8;
  work[Phase::kPrefill].time = Seconds(0.5);
  work[Phase::kDecode].output_tokens = 5;
  work[Phase::kDecode].time = Seconds(1.0);
  return account::attribute({reading}, work);
}

TEST(JsonOf, AReadingHasTheKeysOfTheContract) {
  EXPECT_EQ(to_line(json_of(measured())),
            R"({"domain":"package-0","boundary":"device","quality":"measured","energy_j":2.5,)"
            R"("energy_j_std":0.1,"time_s":2.0})");
}

TEST(JsonOf, AnUnknownEnergyIsAbsentAndNotZero) {
  meter::Reading reading = measured();
  reading.quality = meter::Quality::kUnavailable;
  reading.note = "no permission";
  const Json json = json_of(reading);
  EXPECT_FALSE(json.contains("energy_j"));
  EXPECT_FALSE(json.contains("energy_j_std"));
  EXPECT_EQ(json["quality"], "unavailable");
  EXPECT_EQ(json["note"], "no permission");
  EXPECT_EQ(json["time_s"], 2.0) << "time is known all the same";
}

TEST(JsonOf, ReadingsAreAnArrayAlsoWhenThereAreNone) {
  EXPECT_EQ(json_of(std::vector<meter::Reading>{}), Json::array());
  EXPECT_EQ(json_of(std::vector{measured(), measured()}).size(), 2U);
}

TEST(JsonOf, WorkShowsAllOperationsAndTheTrafficThatTookPlace) {
  PhaseWork work;
  work.prompt_tokens = 3;
  work.cached_tokens = 2;
  work.rejected_tokens = 1;
  work.cost.add(Op::kInt8, 40).add(Traffic::kDram, 1024);
  const Json json = json_of(work);
  EXPECT_EQ(json["prompt_tokens"], 3);
  EXPECT_EQ(json["cached_tokens"], 2);
  EXPECT_EQ(json["rejected_tokens"], 1);
  EXPECT_EQ(json["ops"], Json({{"float", 0}, {"int8", 40}, {"special", 0}}));
  EXPECT_EQ(json["bytes"], Json({{"dram", 1024}}));
  EXPECT_FALSE(json_of(PhaseWork{}).contains("bytes"));
  EXPECT_FALSE(json.contains("layers_skipped")) << "where no exits are used";
  work.layers_skipped = 7;
  EXPECT_EQ(json_of(work)["layers_skipped"], 7);
}

TEST(JsonOf, AReceiptHasThePhasesWithWorkAndIdleAndTheyAreTheWhole) {
  const Json json = json_of(receipt_of(measured()));
  ASSERT_EQ(json["phases"].size(), 3U) << json.dump();
  const double sum = json["phases"]["prefill"]["energy_j"].get<double>() +
                     json["phases"]["decode"]["energy_j"].get<double>() +
                     json["phases"]["idle"]["energy_j"].get<double>();
  EXPECT_DOUBLE_EQ(sum, 2.5);
  EXPECT_DOUBLE_EQ(json["phases"]["decode"]["energy_j"], 1.25) << "1 of 2 seconds";
  EXPECT_EQ(json["phases"]["decode"]["work"]["output_tokens"], 5);
  EXPECT_FALSE(json["phases"]["idle"].contains("work"));
  EXPECT_DOUBLE_EQ(json["joules_per_output_token"], 0.5);
}

TEST(JsonOf, AReceiptWithoutEnergyStillShowsTheWork) {
  const Json json = json_of(receipt_of({}));
  EXPECT_EQ(json["quality"], "unavailable");
  EXPECT_FALSE(json.contains("energy_j"));
  EXPECT_FALSE(json.contains("joules_per_output_token"));
  EXPECT_FALSE(json["phases"]["decode"].contains("energy_j"));
  EXPECT_EQ(json["phases"]["prefill"]["work"]["prompt_tokens"], 8);
}

TEST(JsonOf, ForPeopleAFigureHasItsUncertaintyAndItsQuality) {
  meter::Reading reading = measured();
  reading.quality = meter::Quality::kModelled;
  const std::string text = text_of(reading);
  EXPECT_NE(text.find("±"), std::string::npos) << text;
  EXPECT_NE(text.find("(modelled)"), std::string::npos) << text;
  EXPECT_EQ(text_of({}), "energy unknown: no meter could read");
  reading = {};
  reading.note = "no permission";
  EXPECT_EQ(text_of(reading), "energy unknown: no permission");
}

TEST(PowerText, HasFourDigits) {
  // A published trace: 30,811.1 J shown and one wrap of 262,144 J in 1795.02 s.
  EXPECT_EQ(power_text(Joules(30'811.1 + 262'144.0) / Seconds(1795.02)), "163.2 W");
  EXPECT_EQ(power_text(Watts(0.0)), "0 W");
}

TEST(JsonOfReceipt, NamesWasteAndLayersWhereThereAreAny) {
  Work work;
  work[Phase::kDecode].time = Seconds(4.0);
  work[Phase::kDecode].output_tokens = 8;
  meter::Reading reading;
  reading.quality = meter::Quality::kMeasured;
  reading.energy = Joules(8.0);
  reading.uncertainty = Joules(0.8);
  reading.time = Seconds(4.0);
  const Json plain = json_of(account::attribute({reading}, work));
  EXPECT_FALSE(plain.contains("waste"));
  EXPECT_FALSE(plain.contains("layers_j"));
  work[Phase::kDecode].rejected_tokens = 3;
  work[Phase::kDecode].rejected_time = Seconds(1.0);
  work.add_layers(std::vector<Seconds>{Seconds(2.0), Seconds(1.0)});
  const Json json = json_of(account::attribute({reading}, work));
  EXPECT_EQ(json["waste"]["rejected"]["tokens"], 3);
  EXPECT_EQ(json["waste"]["rejected"]["energy_j"], 2.0);
  EXPECT_FALSE(json["waste"].contains("recomputed"));
  EXPECT_EQ(json["layers_j"], Json::array({4.0, 2.0}));
}

}  // namespace
}  // namespace frugal::cli
