#include "frugal/meter/choose.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/base/error.h"
#include "frugal/meter/fake_nvml_state_for_test.h"
#include "frugal/meter/fake_sysfs_for_test.h"
#include "frugal/meter/machine_file.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

MeterOptions options(const FakeSysfs& tree, std::string name) {
  return {.name = std::move(name), .root = tree.root()};
}

MeterStatus row(const MeterOptions& wish, std::string_view name) {
  for (const MeterStatus& status : survey(wish)) {
    if (status.name == name) return status;
  }
  ADD_FAILURE() << "no row " << name;
  return {};
}

ErrorKind fault(const MeterOptions& wish) {
  try {
    (void)choose_meter(wish);
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::kIo;
}

TEST(ChooseMeter, TakesRaplWhereItCanBeRead) {
  const FakeSysfs tree;
  tree.zone("intel-rapl:0", "package-0", 1);
  EXPECT_EQ(choose_meter(options(tree, "auto"))->name(), "rapl");
  EXPECT_EQ(choose_meter(options(tree, "rapl"))->name(), "rapl");
  EXPECT_EQ(choose_meter(options(tree, "model"))->name(), "model");
}

TEST(ChooseMeter, FallsBackToTheModel) {
  const FakeSysfs tree;
  EXPECT_EQ(choose_meter(options(tree, "auto"))->name(), "model");
  tree.zone("intel-rapl:0", "package-0", 1);
  tree.hide_energy("intel-rapl:0");
  EXPECT_EQ(choose_meter(options(tree, "auto"))->name(), "model");
}

TEST(ChooseMeter, DoesNotReplaceAMeterThatWasNamed) {
  const FakeSysfs tree;
  EXPECT_EQ(fault(options(tree, "rapl")), ErrorKind::kUnsupported);
}

TEST(ChooseMeter, ListsTheNamesForAnUnknownOne) {
  const FakeSysfs tree;
  try {
    (void)choose_meter(options(tree, "tea\x01leaves"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_TRUE(contains(error.what(),
                         "auto, perf, rapl, nvml, hwmon, ipmi, battery, redfish, http or "
                         "model"))
        << error.what();
    EXPECT_FALSE(contains(error.what(), "\x01")) << "control bytes must be made visible";
  }
}

MachineFile calibrated(std::string_view processor) {
  MachineFile file{.machine = {.processor = std::string(processor)},
                   .meter = "rapl",
                   .quality = Quality::kMeasured,
                   .busy_cpu = {.value = 8.0, .std = 0.8}};
  file.model[Term::kIdle] = Price{.value = 20.0, .std = 1.0};
  file.model[Term::kCpu] = Price{.value = 7.0, .std = 1.0};
  return file;
}

TEST(ChooseMeter, AMachineFileMakesTheModel) {
  const FakeSysfs tree;
  tree.write(tree.root() / "proc" / "cpuinfo", "processor\t: 0\nmodel name\t: Test CPU 9000\n");
  MeterOptions wish = options(tree, "model");
  wish.machine = tree.root() / "machine.json";
  save(calibrated("Test CPU 9000"), wish.machine);
  const ModelOptions same = model_options_of(wish);
  EXPECT_EQ(same.cpu_power, Watts(8.0));
  EXPECT_DOUBLE_EQ(same.relative_std, 0.1);
  EXPECT_TRUE(same.note.empty());
  EXPECT_TRUE(contains(choose_meter(wish)->description(), "calibrated with rapl"));
  save(calibrated("Another CPU"), wish.machine);
  const ModelOptions other = model_options_of(wish);
  EXPECT_DOUBLE_EQ(other.relative_std, std::hypot(0.1, 0.5));
  EXPECT_TRUE(contains(other.note, "another processor"));
  wish.cpu_power = Watts(9.5);
  EXPECT_EQ(model_options_of(wish).cpu_power, Watts(9.5));
}

TEST(ChooseMeter, AMachineFileThatCannotBeUsedIsToldWhateverIsTaken) {
  const FakeSysfs tree;
  tree.zone("intel-rapl:0", "package-0", 1000);
  MeterOptions wish = options(tree, "auto");
  wish.machine = tree.root() / "machine.json";
  EXPECT_EQ(fault(wish), ErrorKind::kNotFound);
  tree.write(wish.machine, "{\"format\": \"frugal-mach");
  EXPECT_EQ(fault(wish), ErrorKind::kCorrupt);
}

TEST(ChooseMeter, PassesTheStatedPowerToTheModel) {
  const FakeSysfs tree;
  MeterOptions wish = options(tree, "model");
  wish.cpu_power = Watts(9.5);
  EXPECT_TRUE(contains(choose_meter(wish)->description(), "9.5 W"));
  wish.cpu_power = Watts(-1.0);
  EXPECT_EQ(fault(wish), ErrorKind::kInvalidArgument);
}

TEST(ChooseMeter, HandsTheNameOfAChipToHwmonAlone) {
  const FakeSysfs tree;
  tree.write(tree.root() / "sys/class/hwmon/hwmon0/name", "ina226\n");
  tree.write(tree.root() / "sys/class/hwmon/hwmon0/power1_input", "5000000\n");
  EXPECT_EQ(choose_meter(options(tree, "hwmon:ina226"))->name(), "hwmon");
  EXPECT_EQ(fault(options(tree, "hwmon:other")), ErrorKind::kUnsupported);
  EXPECT_EQ(fault(options(tree, "rapl:x")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(fault(options(tree, "")), ErrorKind::kInvalidArgument);
}

/// A tree with everything in it.
class AutoTest : public testing::Test {
 protected:
  AutoTest() { wish_ = options(tree_, "auto"); }
  void write(std::string_view file, std::string_view text) const {
    tree_.write(tree_.root() / "sys/class" / file, text);
  }
  void rapl(std::string_view name) const { tree_.zone("intel-rapl:0", name, 1); }
  void nvidia() {
    state_.write({{.energy_mj = 1, .power_mw = 1}});
    wish_.nvml_library = FRUGAL_FAKE_NVML;
  }
  void node() const {
    write("hwmon/hwmon0/name", "power_meter\n");
    write("hwmon/hwmon0/power1_average", "200000000\n");
  }
  void radeon(bool card) const {
    write("hwmon/hwmon1/name", "amdgpu\n");
    write("hwmon/hwmon1/power1_average", "30000000\n");
    if (card) write("hwmon/hwmon1/power1_cap", "300000000\n");
  }
  void battery() const {
    write("power_supply/BAT0/type", "Battery\n");
    write("power_supply/BAT0/status", "Discharging\n");
    write("power_supply/BAT0/power_now", "9000000\n");
  }
  [[nodiscard]] std::string taken() const { return std::string(choose_meter(wish_)->name()); }
  [[nodiscard]] bool says(std::string_view part) const {
    return contains(choose_meter(wish_)->description(), part);
  }

  FakeSysfs tree_;
  FakeNvmlState state_;
  MeterOptions wish_;
};

TEST_F(AutoTest, PutsGraphicsBesidePackagesAndLeavesTheNodeOut) {
  rapl("package-0");
  nvidia();
  node();
  battery();
  radeon(true);
  EXPECT_EQ(taken(), "rapl+nvml+hwmon");
  EXPECT_TRUE(says("RAPL counts processors and memory but no graphics processor"));
}

TEST_F(AutoTest, DoesNotAddGraphicsInsideThePackage) {
  rapl("package-0");
  radeon(false);
  EXPECT_EQ(taken(), "rapl");
}

TEST_F(AutoTest, AddsNothingToThePlatform) {
  rapl("psys");
  nvidia();
  EXPECT_EQ(taken(), "rapl");
  EXPECT_TRUE(says("it may contain them"));
}

TEST_F(AutoTest, TakesAMeterOfTheNodeAlone) {
  nvidia();
  node();
  battery();
  EXPECT_EQ(taken(), "hwmon");
  EXPECT_TRUE(says("so nothing is added"));
}

TEST_F(AutoTest, TakesABatteryThatDischarges) {
  battery();
  EXPECT_EQ(taken(), "battery");
}

TEST_F(AutoTest, ModelsTheProcessorBesideGraphics) {
  nvidia();
  EXPECT_EQ(taken(), "model+nvml");
  const auto meter = choose_meter(wish_);
  meter->start();
  EXPECT_EQ(total(meter->stop()).quality, Quality::kModelled);
}

TEST_F(AutoTest, IsExplainedInTheSurvey) {
  rapl("package-0");
  nvidia();
  const MeterStatus chosen = row(wish_, "auto");
  EXPECT_TRUE(contains(chosen.detail, "takes rapl+nvml")) << chosen.detail;
  EXPECT_EQ(chosen.quality, Quality::kMeasured);
}

TEST(Survey, ListsEveryMeter) {
  const FakeSysfs tree;
  tree.zone("intel-rapl:0", "package-0", 1);
  const MeterOptions wish = options(tree, "auto");
  const MeterStatus rapl = row(wish, "rapl");
  EXPECT_TRUE(rapl.available);
  EXPECT_EQ(rapl.quality, Quality::kMeasured);
  EXPECT_TRUE(contains(rapl.detail, "package-0")) << rapl.detail;
  EXPECT_EQ(row(wish, "model").quality, Quality::kModelled);
  EXPECT_EQ(row(wish, "auto").quality, Quality::kMeasured);
  for (const std::string_view absent :
       {"perf", "nvml", "hwmon", "ipmi", "battery", "redfish", "http"}) {
    EXPECT_FALSE(row(wish, absent).available) << absent;
    EXPECT_NE(row(wish, absent).detail, "") << absent;
  }
}

TEST(Survey, SaysWhatIsMissing) {
  const FakeSysfs tree;
  std::filesystem::remove_all(tree.powercap());
  const MeterStatus rapl = row(options(tree, "auto"), "rapl");
  EXPECT_FALSE(rapl.available);
  EXPECT_EQ(rapl.quality, Quality::kUnavailable);
  EXPECT_TRUE(contains(rapl.detail, "shows no RAPL counters")) << rapl.detail;
}

TEST(Survey, NamesDisabledZones) {
  const FakeSysfs tree;
  tree.zone("intel-rapl:0", "package-0", 1);
  tree.write(tree.folder("intel-rapl:0") / "enabled", "0\n");
  EXPECT_TRUE(contains(row(options(tree, "auto"), "rapl").detail, "disabled"));
}

}  // namespace
}  // namespace frugal::meter
