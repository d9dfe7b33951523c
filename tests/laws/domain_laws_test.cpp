/// Laws of a machine with several counters, most of which overlap.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/meter/choose.h"
#include "frugal/meter/fake.h"
#include "frugal/meter/fake_sysfs_for_test.h"
#include "frugal/meter/powercap.h"
#include "frugal/meter/window.h"

namespace frugal::meter {
namespace {

/// Two sockets in a platform.  Truth: psys = packages + DRAM + the rest of the board, and a package
/// = core + uncore + the rest of the chip.
class Machine {
 public:
  Machine() {
    for (int socket = 0; socket < 2; ++socket) {
      tree_.zone(id(socket), str("package-{}", socket), 0);
      tree_.zone(id(socket, 0), "core", 0);
      tree_.zone(id(socket, 1), "uncore", 0);
      tree_.zone(id(socket, 2), "dram", 0, 65'712'999'613);
    }
    tree_.zone("intel-rapl:2", "psys", 0);
  }

  /// One second in which each part draws something else.
  void work(std::mt19937_64& random) {
    clock_.advance(1.0);
    std::uint64_t board_uj = joules(random);
    for (int socket = 0; socket < 2; ++socket) {
      const std::uint64_t core_uj = joules(random);
      const std::uint64_t uncore_uj = joules(random);
      const std::uint64_t package_uj = core_uj + uncore_uj + joules(random);
      const std::uint64_t dram_uj = joules(random);
      draw(id(socket, 0), core_uj, kPackageModulus);
      draw(id(socket, 1), uncore_uj, kPackageModulus);
      draw(id(socket), package_uj, kPackageModulus);
      draw(id(socket, 2), dram_uj, kDramModulus);
      packages_uj_ += package_uj;
      dram_uj_ += dram_uj;
      board_uj += package_uj + dram_uj;
    }
    draw("intel-rapl:2", board_uj, kPackageModulus);
    platform_uj_ += board_uj;
  }

  [[nodiscard]] std::unique_ptr<Meter> meter() {
    return open_powercap(tree_.root(), clock_.function());
  }
  [[nodiscard]] double processors_j() const {
    return 1e-6 * static_cast<double>(packages_uj_ + dram_uj_);
  }
  [[nodiscard]] double platform_j() const { return 1e-6 * static_cast<double>(platform_uj_); }
  [[nodiscard]] const FakeSysfs& tree() const { return tree_; }

 private:
  static constexpr std::uint64_t kPackageModulus = 262'143'328'911;
  static constexpr std::uint64_t kDramModulus = 65'712'999'628;

  static std::string id(int socket) { return str("intel-rapl:{}", socket); }
  static std::string id(int socket, int part) { return str("intel-rapl:{}:{}", socket, part); }
  static std::uint64_t joules(std::mt19937_64& random) {
    return 1'000'000 + (random() % 90'000'000);
  }
  void draw(const std::string& zone, std::uint64_t energy_uj, std::uint64_t modulus_uj) {
    std::uint64_t& counter = counters_[zone];
    if (counter == 0) counter = modulus_uj - 1'000'000'000;  // wraps after a while
    counter = (counter + energy_uj) % modulus_uj;
    tree_.energy(zone, counter);
  }

  FakeSysfs tree_;
  FakeClock clock_;
  std::map<std::string, std::uint64_t> counters_;
  std::uint64_t packages_uj_ = 0;
  std::uint64_t dram_uj_ = 0;
  std::uint64_t platform_uj_ = 0;
};

TEST(DomainLaws, TheSumIsPackagesAndDramAndBelowThePlatform) {
  std::mt19937_64 random(7);
  Machine machine;
  machine.work(random);  // puts the counters near their wrap
  const double before_j = machine.processors_j();
  const double platform_before_j = machine.platform_j();
  const auto meter = machine.meter();
  meter->start();
  for (int second = 0; second < 60; ++second) {
    machine.work(random);
    meter->sample();
  }
  const std::vector<Reading> readings = meter->stop();
  const Reading sum = total(readings);
  EXPECT_EQ(readings.size(), 4U);
  EXPECT_EQ(sum.quality, Quality::kMeasured);
  EXPECT_NEAR(sum.energy.value(), machine.processors_j() - before_j, 1e-6);
  EXPECT_LT(sum.energy.value(), machine.platform_j() - platform_before_j);
}

TEST(DomainLaws, NoPartIsGreaterThanTheWhole) {
  std::mt19937_64 random(8);
  Machine machine;
  machine.work(random);
  const auto meter = machine.meter();
  const std::vector<Reading> readings = measure(*meter, [&] { machine.work(random); });
  const Reading sum = total(readings);
  for (const Reading& part : readings) {
    EXPECT_GE(part.energy, Joules(0.0));
    EXPECT_LE(part.energy, sum.energy) << part.domain;
    EXPECT_EQ(part.time, sum.time);
  }
}

TEST(DomainLaws, SpansThatFollowEachOtherAddUp) {
  std::mt19937_64 random(9);
  Machine machine;
  machine.work(random);
  const double before_j = machine.processors_j();
  const auto meter = machine.meter();
  double sum_j = 0.0;
  for (int span = 0; span < 40; ++span) {
    sum_j += total(measure(*meter, [&] { machine.work(random); })).energy.value();
  }
  EXPECT_NEAR(sum_j, machine.processors_j() - before_j, 1e-6);
}

TEST(DomainLaws, ALostDomainMakesTheWholeUnknownInsteadOfSmaller) {
  std::mt19937_64 random(10);
  Machine machine;
  machine.work(random);
  const auto meter = machine.meter();
  meter->start();
  machine.work(random);
  machine.tree().hide_energy("intel-rapl:1");
  const Reading sum = total(meter->stop());
  EXPECT_EQ(sum.quality, Quality::kUnavailable);
  EXPECT_NE(sum.note.find("package-1"), std::string::npos) << sum.note;
}

TEST(DomainLaws, PowerTimesTimeIsEnergyForAnyMeter) {
  FakeClock clock;
  FakeMeter meter(Watts(12.5), clock.function());
  for (const double time_s : {0.0, 1e-3, 1.0, 86'400.0}) {
    const Reading reading = total(measure(meter, [&] { clock.advance(time_s); }));
    EXPECT_NEAR(reading.energy.value(), 12.5 * time_s, 1e-6);
    EXPECT_NEAR(reading.time.value(), time_s, 1e-6);
  }
}

/// Something that has no business in a counter tree.
void vandalise(const FakeSysfs& tree, std::mt19937_64& random) {
  constexpr std::array<std::string_view, 5> kIds = {
      "intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl:1:0", "intel-rapl-mmio:0"};
  constexpr std::array<std::string_view, 5> kFiles = {"name", "energy_uj", "max_energy_range_uj",
                                                      "enabled", "constraint_0_power_limit_uw"};
  constexpr std::array<std::string_view, 10> kTexts = {"",
                                                       "0",
                                                       "-1",
                                                       "18446744073709551615",
                                                       "9223372036854775807",
                                                       "\xff\x01\xfe",
                                                       "1",
                                                       "package-0\n",
                                                       "dram",
                                                       "psys\n"};
  const auto pick = [&random](const auto& list) { return list[random() % list.size()]; };
  const std::filesystem::path file = tree.folder(pick(kIds)) / pick(kFiles);
  std::error_code ignored;
  std::filesystem::remove_all(file, ignored);
  std::filesystem::create_directories(file.parent_path());
  switch (random() % 8) {
    case 0:
      std::filesystem::create_directory(file);
      return;
    case 1:
      std::filesystem::create_symlink(file.filename(), file);
      return;
    case 2:
      tree.write(file, std::string(100'000, '7'));
      return;
    case 3:
      std::filesystem::create_directory_symlink("..", file.parent_path() / "intel-rapl:0:7",
                                                ignored);
      return;
    default:
      tree.write(file, pick(kTexts));
  }
}

TEST(DomainLaws, ABrokenTreeGivesAnErrorOrAnHonestReading) {
  int measured = 0;
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    std::mt19937_64 random(seed);
    FakeClock clock;
    const FakeSysfs tree;
    tree.zone("intel-rapl:0", "package-0", 1'000'000);
    tree.zone("intel-rapl:0:0", "dram", 1'000'000);
    for (std::uint64_t i = random() % 6; i > 0; --i) vandalise(tree, random);
    try {
      const auto meter = open_powercap(tree.root(), clock.function());
      meter->start();
      for (int i = 0; i < 5; ++i) {
        clock.advance(1.0);
        vandalise(tree, random);
        meter->sample();
      }
      const Reading sum = total(meter->stop());
      EXPECT_GE(sum.energy, Joules(0.0));
      EXPECT_LE(sum.energy, Joules(1e5)) << "seed " << seed;
      EXPECT_TRUE(sum.quality == Quality::kMeasured || !sum.note.empty()) << "seed " << seed;
      ++measured;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()), "");
      ++refused;
    }
    EXPECT_NO_THROW((void)survey({.name = "auto", .root = tree.root(), .cpu_power = std::nullopt}));
  }
  EXPECT_GT(measured, 8);  // both ways were walked
  EXPECT_GT(refused, 8);
}

}  // namespace
}  // namespace frugal::meter
