#include "frugal/meter/powercap_tree.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

class PowercapTreeTest : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> counted() const {
    const PowercapTree tree = scan_powercap(tree_.root());
    std::vector<std::string> domains;
    for (const std::size_t i : tree.counted) domains.push_back(tree.zones[i].domain);
    return domains;
  }
  [[nodiscard]] std::string fault() const {
    try {
      (void)scan_powercap(tree_.root());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
      return error.what();
    }
    return "";
  }

  FakeSysfs tree_;
};

using Names = std::vector<std::string>;

TEST(ZoneKind, FollowsTheNameOnly) {
  EXPECT_EQ(zone_kind("package-0"), ZoneKind::kPackage);
  EXPECT_EQ(zone_kind("package-0-die-1"), ZoneKind::kPackage);
  EXPECT_EQ(zone_kind("dram"), ZoneKind::kDram);
  EXPECT_EQ(zone_kind("core"), ZoneKind::kCore);
  EXPECT_EQ(zone_kind("uncore"), ZoneKind::kUncore);
  EXPECT_EQ(zone_kind("psys"), ZoneKind::kPsys);
  EXPECT_EQ(zone_kind("psys-1"), ZoneKind::kPsys);
  EXPECT_EQ(zone_kind("packages"), ZoneKind::kOther);
  EXPECT_EQ(zone_kind(""), ZoneKind::kOther);
}

TEST_F(PowercapTreeTest, AddsPackagesAndNestedDramButNeverCoreOrUncore) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  tree_.zone("intel-rapl:0:0", "core", 1);
  tree_.zone("intel-rapl:0:1", "uncore", 1);
  tree_.zone("intel-rapl:0:2", "dram", 1);
  tree_.zone("intel-rapl:1", "package-1", 1);
  tree_.zone("intel-rapl:1:0", "dram", 1);
  EXPECT_EQ(counted(), (Names{"package-0", "dram-0", "package-1", "dram-1"}));
}

TEST_F(PowercapTreeTest, AddsTopLevelDram) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  tree_.zone("intel-rapl:1", "dram", 1);
  EXPECT_EQ(counted(), (Names{"package-0", "dram"}));
}

TEST_F(PowercapTreeTest, UsesPsysOnlyWithoutAPackage) {
  tree_.zone("intel-rapl:1", "psys", 1);
  EXPECT_EQ(counted(), Names{"psys"});
  tree_.zone("intel-rapl:2", "dram", 1);  // inside psys
  EXPECT_EQ(counted(), Names{"psys"});
  tree_.zone("intel-rapl:0", "package-0", 1);
  EXPECT_EQ(counted(), (Names{"package-0", "dram"}));
}

TEST_F(PowercapTreeTest, CountsANestedZoneOnceThoughItIsListedTwice) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  tree_.zone("intel-rapl:0:0", "dram", 1);
  std::filesystem::create_directory_symlink(tree_.folder("intel-rapl:0:0"),
                                            tree_.powercap() / "intel-rapl:0:0");
  EXPECT_EQ(counted(), (Names{"package-0", "dram-0"}));
}

TEST_F(PowercapTreeTest, DoesNotAddTheMmioViewOfTheSamePackage) {
  tree_.zone("intel-rapl-mmio:0", "package-0", 1);
  EXPECT_EQ(counted(), Names{"package-0"});
  tree_.zone("intel-rapl:0", "package-0", 1);
  EXPECT_EQ(counted(), Names{"package-0"});
}

TEST_F(PowercapTreeTest, DoesNotAddAPackageInsideAPackage) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  tree_.zone("intel-rapl:0:0", "core", 1);
  tree_.zone("intel-rapl:0:0:0", "package-1", 1);
  EXPECT_EQ(counted(), Names{"package-0"});
}

TEST_F(PowercapTreeTest, GivesEqualNamesDifferentDomains) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  tree_.zone("intel-rapl:1", "package-0", 1);
  EXPECT_EQ(counted(), (Names{"package-0", "package-0@intel-rapl:1"}));
}

TEST_F(PowercapTreeTest, KnowsTheModulusAndThePlausiblePower) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  const auto limits = [this] { return scan_powercap(tree_.root()).zones.front().limits; };
  EXPECT_EQ(limits().modulus_uj, 262'143'328'911U);
  EXPECT_EQ(limits().max_power, Watts(1500.0));
  const std::filesystem::path zone = tree_.folder("intel-rapl:0");
  tree_.write(zone / "constraint_0_power_limit_uw", "125000000\n");
  tree_.write(zone / "constraint_1_power_limit_uw", "200000000\n");
  EXPECT_DOUBLE_EQ(limits().max_power.value(), 300.0);
  tree_.write(zone / "constraint_1_power_limit_uw", "4095875000\n");  // "no limit"
  EXPECT_EQ(limits().max_power, Watts(1500.0));
  tree_.write(zone / "constraint_1_power_limit_uw", "0\n");
  tree_.write(zone / "constraint_0_power_limit_uw", "1\n");  // nobody draws so little
  EXPECT_EQ(limits().max_power, Watts(50.0));
  tree_.write(zone / "enabled", "0\n");  // a limit that is off limits nothing
  EXPECT_EQ(limits().max_power, Watts(1500.0));
}

TEST_F(PowercapTreeTest, HasNoModulusWhereTheRangeIsMissingOrAbsurd) {
  for (const std::string_view range : {"", "0", "105", "-5", "1e30", "99999999999999999999999"}) {
    tree_.zone("intel-rapl:0", "package-0", 1);
    tree_.write(tree_.folder("intel-rapl:0") / "max_energy_range_uj", range);
    EXPECT_FALSE(scan_powercap(tree_.root()).zones.front().limits.modulus_uj) << range;
  }
}

TEST_F(PowercapTreeTest, SaysThatThereAreNoCountersWhereThereIsNoFolder) {
  std::filesystem::remove_all(tree_.powercap());
  EXPECT_NE(fault().find("this machine or container shows no RAPL counters"), std::string::npos);
}

TEST_F(PowercapTreeTest, SaysThatTheDriverIsMissingWhereTheFolderIsEmpty) {
  std::filesystem::create_directory(tree_.powercap() / "intel-rapl");
  EXPECT_NE(fault().find("sudo modprobe intel_rapl_msr"), std::string::npos);
}

TEST_F(PowercapTreeTest, NamesWhatItFoundInsteadOfAPackage) {
  tree_.zone("intel-rapl:0", "\x01\xff junk", 1);
  const std::string message = fault();
  EXPECT_NE(message.find("intel-rapl:0 is"), std::string::npos);
  EXPECT_EQ(message.find('\xff'), std::string::npos) << "control bytes must be made visible";
}

TEST_F(PowercapTreeTest, RefusesMoreZonesThanAnyMachineHas) {
  for (int i = 0; i < 300; ++i) {  // thousands are refused at the same place
    std::filesystem::create_directory(tree_.powercap() / str("intel-rapl:{}", i));
  }
  EXPECT_NE(fault().find("more than"), std::string::npos);
}

TEST_F(PowercapTreeTest, RefusesAFolderOfAThousandOtherThings) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  for (int i = 0; i < 1100; ++i) {
    std::filesystem::create_symlink("nowhere", tree_.powercap() / str("other-{}", i));
  }
  EXPECT_NE(fault().find("more than"), std::string::npos);
}

TEST_F(PowercapTreeTest, RefusesManyNestedZones) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  for (int i = 0; i < 300; ++i) {
    std::filesystem::create_directory(tree_.folder("intel-rapl:0") / str("intel-rapl:0:{}", i));
  }
  EXPECT_NE(fault().find("more than"), std::string::npos);
}

TEST_F(PowercapTreeTest, EndsOnCyclesOfLinks) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  const std::filesystem::path zone = tree_.folder("intel-rapl:0");
  std::filesystem::create_directory_symlink(zone, zone / "intel-rapl:0:0");
  std::filesystem::create_directory_symlink("intel-rapl:0:1", zone / "intel-rapl:0:1");
  EXPECT_EQ(counted(), Names{"package-0"});
}

TEST_F(PowercapTreeTest, IgnoresWhatOnlyLooksLikeAZone) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  for (const std::string_view name :
       {"intel-rapl:", "intel-rapl:x", "intel-rapl:1:", "intel-rapl:-1",
        "intel-rapl:99999999999999999999", "intel-rapl::1"}) {
    tree_.write(tree_.powercap() / name / "name", "package-9\n");
  }
  EXPECT_EQ(counted(), Names{"package-0"});
}

TEST_F(PowercapTreeTest, SurvivesFoldersInPlaceOfFilesAndAFileInPlaceOfAFolder) {
  tree_.zone("intel-rapl:0", "package-0", 1);
  std::filesystem::create_directories(tree_.folder("intel-rapl:1") / "name");
  std::filesystem::create_directories(tree_.folder("intel-rapl:1") / "max_energy_range_uj");
  tree_.write(tree_.powercap() / "intel-rapl:2", "not a folder");
  EXPECT_EQ(counted(), Names{"package-0"});
  EXPECT_EQ(scan_powercap(tree_.root()).zones.size(), 3U);
}

TEST_F(PowercapTreeTest, RefusesAFileInPlaceOfTheWholeTree) {
  std::filesystem::remove_all(tree_.powercap());
  tree_.write(tree_.powercap(), "junk");
  EXPECT_NE(fault().find("shows no RAPL counters"), std::string::npos);
}

}  // namespace
}  // namespace frugal::meter
