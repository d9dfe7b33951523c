#include "frugal/meter/nvml.h"

#include <gtest/gtest.h>

#include <fstream>

#include "frugal/base/error.h"
#include "frugal/meter/fake_nvml_state_for_test.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class NvmlTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Meter> meter() {
    return open_nvml({.library = FRUGAL_FAKE_NVML, .clock = clock_.function()});
  }
  std::string refusal(const std::string& library) {
    try {
      (void)open_nvml({.library = library, .clock = clock_.function()});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }

  FakeNvmlState state_;
  FakeClock clock_;
};

constexpr std::string_view kOther = "GPU-77777777-0000-1111-2222-333344445555";

TEST_F(NvmlTest, ReadsEachProcessorByItsUuid) {
  FakeGpu first{.energy_mj = 1'000'000, .power_mw = 90'000};
  FakeGpu second{.uuid = std::string(kOther), .energy_mj = 5'000, .power_mw = 40'000};
  state_.write({first, second});
  const auto nvml = meter();
  nvml->start();
  clock_.advance(10.0);
  first.energy_mj = 1'900'000;
  second.energy_mj = 405'000;
  state_.write({first, second});
  const std::vector<Reading> readings = nvml->stop();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].domain, "gpu-5f0a1b2c");
  EXPECT_EQ(readings[0].quality, Quality::kMeasured);
  EXPECT_DOUBLE_EQ(readings[0].energy.value(), 900.0);
  // one update period of 90 W at each end
  EXPECT_NEAR(readings[0].uncertainty.value(), std::sqrt(2.0) * 9.0, 0.01);
  EXPECT_EQ(readings[1].domain, "gpu-77777777");
  EXPECT_DOUBLE_EQ(readings[1].energy.value(), 400.0);
  EXPECT_TRUE(contains(nvml->description(), "Fake H100")) << nvml->description();
  EXPECT_TRUE(contains(nvml->description(), std::string(kOther))) << nvml->description();
}

TEST_F(NvmlTest, IntegratesPowerWhereThereIsNoCounter) {
  state_.write({{.power_mw = 100'000}});
  const auto nvml = meter();
  nvml->start();
  for (int i = 0; i < 100; ++i) {
    clock_.advance(0.1);
    state_.write({{.power_mw = i % 2 == 0 ? 200'000 : 100'000}});
    nvml->sample();
  }
  const Reading reading = nvml->stop().front();
  EXPECT_EQ(reading.quality, Quality::kDerived);
  EXPECT_NEAR(reading.energy.value(), 1500.0, 1e-5);
  EXPECT_GT(reading.uncertainty.value(), 0.05 * 1500.0);  // the sensor's own 5 %
  ASSERT_TRUE(nvml->max_sample_period());
  EXPECT_DOUBLE_EQ(nvml->max_sample_period()->value(), 0.1);
}

TEST_F(NvmlTest, SaysThatMigDividesTheProcessorButNotItsCounter) {
  state_.write({{.energy_mj = 10, .power_mw = 1, .mig = true}});
  const auto nvml = meter();
  EXPECT_TRUE(contains(nvml->description(), "MIG")) << nvml->description();
  nvml->start();
  clock_.advance(2.0);
  state_.write({{.energy_mj = 20'010, .power_mw = 1, .mig = true}});
  const Reading reading = nvml->stop().front();
  EXPECT_TRUE(contains(reading.note, "all instances of this GPU together")) << reading.note;
}

TEST_F(NvmlTest, TellsProcessorsWithoutUuidApart) {
  state_.write({{.uuid = "x", .energy_mj = 1}, {.uuid = "x", .energy_mj = 1}});
  const auto nvml = meter();
  nvml->start();
  clock_.advance(0.5);
  const std::vector<Reading> readings = nvml->stop();
  EXPECT_EQ(readings[0].domain, "gpu-0");
  EXPECT_EQ(readings[1].domain, "gpu-1");
}

TEST_F(NvmlTest, SaysWhatIsMissing) {
  EXPECT_TRUE(contains(refusal("libno-such-nvml.so.1"), "no NVIDIA driver here"));
  EXPECT_TRUE(contains(refusal("libm.so.6"), "has no nvmlInit_v2"));
  EXPECT_TRUE(contains(refusal(FRUGAL_FAKE_NVML), "Driver Not Loaded"));
  state_.write({});
  EXPECT_TRUE(contains(refusal(FRUGAL_FAKE_NVML), "no GPU on this machine"));
  state_.write({{}});
  EXPECT_TRUE(contains(refusal(FRUGAL_FAKE_NVML), "neither energy nor power"));
}

TEST_F(NvmlTest, AProcessorThatFallsOffTheBusIsAFailedSample) {
  state_.write({{.energy_mj = 0, .power_mw = 1}});
  const auto nvml = meter();
  nvml->start();
  clock_.advance(5.0);
  state_.write({{.energy_mj = 500'000, .power_mw = 1}});
  nvml->sample();
  clock_.advance(1.0);
  state_.remove();
  const Reading reading = nvml->stop().front();
  EXPECT_EQ(reading.quality, Quality::kMeasured);
  EXPECT_DOUBLE_EQ(reading.energy.value(), 500.0);
  EXPECT_GE(reading.uncertainty.value(), 100.0);  // the lost second
  EXPECT_TRUE(contains(reading.note, "GPU is lost")) << reading.note;
}

TEST(NvmlOnThisMachine, CountsWhileTheProcessorIdles) {
  std::unique_ptr<Meter> nvml;
  try {
    nvml = open_nvml();
  } catch (const Error& error) {
    GTEST_SKIP() << "no NVIDIA processor: " << error.what();
  }
  nvml->start();
  const Seconds begin = monotonic_now();
  while (monotonic_now() - begin < Seconds(1.5)) nvml->sample();
  EXPECT_GT(total(nvml->stop()).energy, Joules(0.0));
}

}  // namespace
}  // namespace frugal::meter
