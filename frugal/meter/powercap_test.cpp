#include "frugal/meter/powercap.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

constexpr std::uint64_t kJoule = 1'000'000;
constexpr std::uint64_t kModulus = 262'143'328'911;

class PowercapTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Meter> meter() {
    return open_powercap(tree_.root(), clock_.function());
  }
  /// Moves the clock, then the counter of zone 0.
  void tick(double seconds, std::uint64_t energy_uj) {
    clock_.advance(seconds);
    tree_.energy("intel-rapl:0", energy_uj);
  }

  FakeSysfs tree_;
  FakeClock clock_;
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(PowercapTest, MeasuresTheDifferenceOfACounter) {
  tree_.zone("intel-rapl:0", "package-0", 5 * kJoule);
  const auto rapl = meter();
  rapl->start();
  tick(2.0, 105 * kJoule);
  const std::vector<Reading> readings = rapl->stop();
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].domain, "package-0");
  EXPECT_EQ(readings[0].quality, Quality::kMeasured);
  EXPECT_EQ(readings[0].boundary, Boundary::kDevice);
  EXPECT_DOUBLE_EQ(readings[0].energy.value(), 100.0);
  EXPECT_DOUBLE_EQ(readings[0].time.value(), 2.0);
  // 1 ms of 50 W at each end; the count of 61 µJ adds nothing visible
  EXPECT_NEAR(readings[0].uncertainty.value(), std::sqrt(2.0) * 0.05, 1e-6);
  EXPECT_EQ(readings[0].note, "");
}

TEST_F(PowercapTest, IsUnsureOfASpanShorterThanTheUpdatePeriod) {
  tree_.zone("intel-rapl:0", "package-0", 5 * kJoule);
  const auto rapl = meter();
  rapl->start();
  tick(0.0005, 5 * kJoule);
  const Reading reading = rapl->stop().front();
  EXPECT_EQ(reading.quality, Quality::kMeasured);
  EXPECT_GT(reading.uncertainty, Joules(0.01));
}

TEST_F(PowercapTest, ReadsEachDomainOnceAndInOrder) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  tree_.zone("intel-rapl:0:0", "core", 0);
  tree_.zone("intel-rapl:0:1", "dram", 0);
  tree_.zone("intel-rapl:1", "psys", 0);
  const auto rapl = meter();
  rapl->start();
  tick(1.0, 30 * kJoule);
  tree_.energy("intel-rapl:0:0", 20 * kJoule);
  tree_.energy("intel-rapl:0:1", 4 * kJoule);
  tree_.energy("intel-rapl:1", 50 * kJoule);
  const std::vector<Reading> readings = rapl->stop();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].domain, "package-0");
  EXPECT_EQ(readings[1].domain, "dram-0");
  EXPECT_DOUBLE_EQ(total(readings).energy.value(), 34.0);
  EXPECT_TRUE(contains(rapl->description(), "package-0 + dram-0")) << rapl->description();
  EXPECT_TRUE(contains(rapl->description(), "not added: core-0, psys")) << rapl->description();
}

TEST_F(PowercapTest, BridgesAFailedSampleAndSaysSo) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  const auto rapl = meter();
  rapl->start();
  tick(1.0, 10 * kJoule);
  rapl->sample();
  clock_.advance(1.0);
  tree_.hide_energy("intel-rapl:0");
  rapl->sample();
  tick(1.0, 30 * kJoule);
  const Reading reading = rapl->stop().front();
  EXPECT_EQ(reading.quality, Quality::kMeasured);
  EXPECT_DOUBLE_EQ(reading.energy.value(), 30.0);
  EXPECT_GT(reading.uncertainty, Joules(0.2));  // 1 % of the bridged 20 J
  EXPECT_TRUE(contains(reading.note, "1 of 4 samples failed")) << reading.note;
  EXPECT_TRUE(contains(reading.note, "No such file")) << reading.note;
}

TEST_F(PowercapTest, DoesNotMistakeAnEmptyOrZeroedReadForAWrap) {
  tree_.zone("intel-rapl:0", "package-0", 200'000 * kJoule);
  const auto rapl = meter();
  rapl->start();
  clock_.advance(1.0);
  tree_.write(tree_.folder("intel-rapl:0") / "energy_uj", "");
  rapl->sample();
  tick(1.0, 200'020 * kJoule);
  EXPECT_DOUBLE_EQ(rapl->stop().front().energy.value(), 20.0);
}

TEST_F(PowercapTest, KeepsTheEnergyBeforeAResetAndWidensTheInterval) {
  tree_.zone("intel-rapl:0", "package-0", 100'000 * kJoule);
  const auto rapl = meter();
  rapl->start();
  tick(10.0, 101'000 * kJoule);
  rapl->sample();
  tick(2.0, 3 * kJoule);
  const Reading reading = rapl->stop().front();
  EXPECT_EQ(reading.quality, Quality::kMeasured);
  EXPECT_DOUBLE_EQ(reading.energy.value(), 1000.0);
  EXPECT_GT(reading.uncertainty, Joules(199.0));  // 100 W over the two lost seconds
  EXPECT_TRUE(contains(reading.note, "reset 1 time")) << reading.note;
  EXPECT_TRUE(contains(reading.note, "2 s without known energy")) << reading.note;
}

TEST_F(PowercapTest, KnowsNothingWhenMostOfTheSpanIsLost) {
  tree_.zone("intel-rapl:0", "package-0", 100'000 * kJoule);
  const auto rapl = meter();
  rapl->start();
  tick(10.0, 3 * kJoule);
  const Reading reading = rapl->stop().front();
  EXPECT_EQ(reading.quality, Quality::kUnavailable);
  EXPECT_TRUE(contains(reading.note, "reset")) << reading.note;
}

TEST_F(PowercapTest, SurvivesAWrapAFailureAndAResetInOneSpan) {
  tree_.zone("intel-rapl:0", "package-0", kModulus - (50 * kJoule));
  const auto rapl = meter();
  rapl->start();
  tick(1.0, 50 * kJoule);  // wrap: 100 J
  rapl->sample();
  clock_.advance(1.0);
  tree_.hide_energy("intel-rapl:0");
  rapl->sample();
  tick(1.0, 250 * kJoule);  // 200 J over the failure
  rapl->sample();
  tick(1.0, 1);  // reset
  rapl->sample();
  tick(1.0, (100 * kJoule) + 1);  // 100 J
  const Reading reading = rapl->stop().front();
  EXPECT_EQ(reading.quality, Quality::kMeasured);
  EXPECT_DOUBLE_EQ(reading.energy.value(), 400.0);
  EXPECT_DOUBLE_EQ(reading.time.value(), 5.0);
  EXPECT_GE(reading.uncertainty, Joules(100.0));
}

TEST_F(PowercapTest, LosesOnlyTheTailOfADomainThatVanishes) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  const auto rapl = meter();
  rapl->start();
  tick(9.0, 90 * kJoule);
  rapl->sample();
  std::filesystem::remove_all(tree_.powercap());
  clock_.advance(1.0);
  Reading reading = rapl->stop().front();
  EXPECT_EQ(reading.quality, Quality::kMeasured);
  EXPECT_DOUBLE_EQ(reading.energy.value(), 90.0);
  EXPECT_GE(reading.uncertainty, Joules(10.0));
  rapl->start();  // and a span without any value knows nothing
  clock_.advance(1.0);
  reading = rapl->stop().front();
  EXPECT_EQ(reading.quality, Quality::kUnavailable);
  EXPECT_TRUE(contains(reading.note, "2 of 2 samples failed")) << reading.note;
}

TEST_F(PowercapTest, CountsMirroredDiesOnce) {
  tree_.zone("intel-rapl:0", "package-0-die-0", 7 * kJoule);
  tree_.zone("intel-rapl:1", "package-0-die-1", 7 * kJoule);
  const auto rapl = meter();
  rapl->start();
  tick(1.0, 75 * kJoule);
  tree_.energy("intel-rapl:1", 75 * kJoule);
  const std::vector<Reading> readings = rapl->stop();
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_DOUBLE_EQ(readings[0].energy.value(), 68.0);
  EXPECT_TRUE(contains(readings[0].note, "package-0-die-1 shows the same counter"))
      << readings[0].note;
}

TEST_F(PowercapTest, CountsTwoPackagesThatPartedOnceTwice) {
  tree_.zone("intel-rapl:0", "package-0", 7 * kJoule);
  tree_.zone("intel-rapl:1", "package-1", 7 * kJoule);
  const auto rapl = meter();
  rapl->start();
  tick(1.0, 50 * kJoule);
  tree_.energy("intel-rapl:1", 49 * kJoule);
  rapl->sample();
  tick(1.0, 75 * kJoule);
  tree_.energy("intel-rapl:1", 75 * kJoule);
  const std::vector<Reading> readings = rapl->stop();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_DOUBLE_EQ(total(readings).energy.value(), 136.0);
}

TEST_F(PowercapTest, CountsADisabledZoneWhoseCounterMoves) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  tree_.write(tree_.folder("intel-rapl:0") / "enabled",
              "0\n");  // the limit is off, not the counter
  const auto rapl = meter();
  rapl->start();
  tick(2.0, 20 * kJoule);
  EXPECT_DOUBLE_EQ(rapl->stop().front().energy.value(), 20.0);
  EXPECT_TRUE(contains(rapl->description(), "disabled")) << rapl->description();
}

TEST_F(PowercapTest, DoesNotCallAStandingCounterZeroJoules) {
  tree_.zone("intel-rapl:0", "package-0", 5 * kJoule);
  tree_.write(tree_.folder("intel-rapl:0") / "enabled", "0\n");
  const auto rapl = meter();
  rapl->start();
  clock_.advance(2.0);
  const Reading reading = rapl->stop().front();
  EXPECT_EQ(reading.quality, Quality::kUnavailable);
  EXPECT_TRUE(contains(reading.note, "stood still for 2 s and the zone is disabled"))
      << reading.note;
}

TEST_F(PowercapTest, LeavesOutDramThatStandsStill) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  tree_.zone("intel-rapl:0:0", "dram", 0);
  const auto rapl = meter();
  rapl->start();
  tick(2.0, 20 * kJoule);
  const std::vector<Reading> readings = rapl->stop();
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].quality, Quality::kMeasured);
}

TEST_F(PowercapTest, LeavesOutDramThatCannotBeRead) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  tree_.zone("intel-rapl:0:0", "dram", 0);
  tree_.write(tree_.folder("intel-rapl:0:0") / "energy_uj", "junk");
  const auto rapl = meter();
  rapl->start();
  tick(1.0, 20 * kJoule);
  EXPECT_EQ(rapl->stop().size(), 1U);
  EXPECT_TRUE(contains(rapl->description(), "left out: dram-0: energy_uj holds 'junk'"))
      << rapl->description();
}

TEST_F(PowercapTest, AsksToBeSampledTwiceInTheShortestWrap) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  tree_.zone("intel-rapl:0:0", "dram", 0, 65'712'999'613);
  EXPECT_NEAR(meter()->max_sample_period()->value(), 65'713.0 / 1500.0 / 2.0, 0.01);
}

TEST_F(PowercapTest, RefusesAPackageThatCannotBeRead) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  for (const std::string_view text : {"", "-3", "junk", "18446744073709551616"}) {
    tree_.write(tree_.folder("intel-rapl:0") / "energy_uj", text);
    try {
      (void)meter();
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
      EXPECT_TRUE(contains(error.what(), "expected a count")) << error.what();
    }
  }
}

/// Gives up root's right to read everything, for a scope.
class WithoutRoot {
 public:
  WithoutRoot() {
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0) changed_ = seteuid(kNobody) == 0;
  }
  ~WithoutRoot() {
    if (changed_) FRUGAL_CHECK(seteuid(0) == 0);
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

 private:
  bool changed_ = false;
};

TEST_F(PowercapTest, NamesTheCommandThatGivesPermissionAndItsRisk) {
  tree_.zone("intel-rapl:0", "package-0", 0);
  std::filesystem::permissions(tree_.folder("intel-rapl:0") / "energy_uj",
                               std::filesystem::perms::none);
  const WithoutRoot scope;
  if (geteuid() == 0) GTEST_SKIP() << "this test cannot give up the rights of root here";
  try {
    (void)meter();
    FAIL() << "an unreadable counter was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPermission);
    EXPECT_TRUE(contains(error.what(), "sudo chmod -R a+r /sys/class/powercap/intel-rapl"));
    EXPECT_TRUE(contains(error.what(), "CVE-2020-8694"));
  }
}

TEST(PowercapOnThisMachine, MovesWhileTheProcessorWorks) {
  std::unique_ptr<Meter> rapl;
  try {
    rapl = open_powercap("/");
  } catch (const Error& error) {
    GTEST_SKIP() << "no readable RAPL counter: " << error.what();
  }
  rapl->start();
  const Seconds begin = monotonic_now();
  while (monotonic_now() - begin < Seconds(0.2)) continue;
  const Reading reading = total(rapl->stop());
  EXPECT_GT(reading.energy, Joules(0.0));
}

}  // namespace
}  // namespace frugal::meter
