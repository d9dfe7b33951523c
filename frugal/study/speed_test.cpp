#include "frugal/study/speed.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/base/error.h"
#include "frugal/meter/fake.h"
#include "tests/support/tiny_model.h"

namespace frugal::study {
namespace {

class SpeedTest : public testing::Test {
 protected:
  SpeedTest()
      : model_(model::load(test::write_tiny_model(folder_ / "m.gguf", {}))),
        engine_(model_, {.threads = 1}) {
    options_.tokens = 5;
    options_.repeats = 3;
  }
  std::uint64_t prompt_tokens() const { return engine_.work()[Phase::kPrefill].prompt_tokens; }

  test::TempFolder folder_;
  model::Model model_;
  engine::Engine engine_;
  SpeedOptions options_;
};

// Each repeat is said to take `energies[i]` joules.
meter::FakeMeter meter_of(const std::vector<double>& energies) {
  std::vector<std::vector<meter::Reading>> answers;
  for (const double energy : energies) {
    meter::Reading reading;
    reading.domain = "fake";
    reading.quality = meter::Quality::kMeasured;
    reading.energy = Joules(energy);
    answers.push_back({reading});
  }
  return meter::FakeMeter(std::move(answers));
}

TEST_F(SpeedTest, TheFirstRepeatIsColdAndDoesNotCount) {
  meter::FakeMeter meter = meter_of({1000.0, 5.0, 10.0, 15.0});
  const Speed speed = measure_speed(engine_, Phase::kPrefill, options_, meter);
  EXPECT_EQ(speed.joules_samples, (std::vector<double>{1.0, 2.0, 3.0})) << "per token";
  EXPECT_EQ(speed.rate_samples.size(), 3U);
  EXPECT_DOUBLE_EQ(speed.joules_per_token().mean, 2.0);
  EXPECT_EQ(speed.readings[0].energy, Joules(15.0)) << "of the last repeat";
}

TEST_F(SpeedTest, TokensOfAllSequencesShareTheEnergy) {
  meter::FakeMeter meter = meter_of({40.0});
  options_.batch = 4;
  const Speed speed = measure_speed(engine_, Phase::kDecode, options_, meter);
  EXPECT_EQ(speed.batch, 4U);
  EXPECT_EQ(speed.tokens, 5U);
  EXPECT_EQ(speed.joules_samples, (std::vector<double>{2.0, 2.0, 2.0})) << "40 J for 4 x 5 tokens";
}

TEST_F(SpeedTest, ReadingIsOfOneSequenceWhateverTheBatch) {
  meter::FakeMeter meter = meter_of({40.0});
  options_.batch = 4;
  const Speed speed = measure_speed(engine_, Phase::kPrefill, options_, meter);
  EXPECT_EQ(speed.batch, 1U);
  EXPECT_EQ(prompt_tokens(), 4 * 5U) << "a cold repeat and three";
  EXPECT_EQ(speed.joules_samples[0], 8.0);
}

TEST_F(SpeedTest, AMeterThatCannotReadLeavesSpeedWithoutJoules) {
  meter::FakeMeter meter({{meter::Reading{}}});
  const Speed speed = measure_speed(engine_, Phase::kDecode, options_, meter);
  EXPECT_TRUE(speed.joules_samples.empty());
  EXPECT_EQ(speed.rate_samples.size(), 3U);
  EXPECT_GT(speed.median_tokens_per_s(), 0.0);
  EXPECT_TRUE(std::isfinite(speed.tokens_per_s().mean));
}

TEST_F(SpeedTest, ReportsEveryRepeatUnderThePhasesName) {
  meter::FakeMeter meter = meter_of({1.0});
  std::vector<std::string> seen;
  options_.progress = [&seen](const ProgressUpdate& update) {
    EXPECT_EQ(update.total, 4U);
    seen.emplace_back(update.stage);
  };
  (void)measure_speed(engine_, Phase::kDecode, options_, meter);
  EXPECT_EQ(seen, std::vector<std::string>(4, "decode"));
}

TEST_F(SpeedTest, RefusesAMeasurementOfNothing) {
  meter::FakeMeter meter = meter_of({1.0});
  for (std::size_t SpeedOptions::*field :
       {&SpeedOptions::tokens, &SpeedOptions::batch, &SpeedOptions::repeats}) {
    SpeedOptions none = options_;
    none.*field = 0;
    EXPECT_THROW((void)measure_speed(engine_, Phase::kDecode, none, meter), Error);
  }
  EXPECT_EQ(meter.starts(), 0U);
}

}  // namespace
}  // namespace frugal::study
