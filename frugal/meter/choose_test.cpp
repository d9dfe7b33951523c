#include "frugal/meter/choose.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

MeterOptions options(const FakeSysfs& tree, std::string name) {
  return {.name = std::move(name), .root = tree.root(), .cpu_power = std::nullopt};
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
    EXPECT_TRUE(contains(error.what(), "auto, rapl or model")) << error.what();
    EXPECT_FALSE(contains(error.what(), "\x01")) << "control bytes must be made visible";
  }
}

TEST(ChooseMeter, PassesTheStatedPowerToTheModel) {
  const FakeSysfs tree;
  MeterOptions wish = options(tree, "model");
  wish.cpu_power = Watts(9.5);
  EXPECT_TRUE(contains(choose_meter(wish)->description(), "9.5 W"));
  wish.cpu_power = Watts(-1.0);
  EXPECT_EQ(fault(wish), ErrorKind::kInvalidArgument);
}

TEST(Survey, ListsEveryMeterBestFirst) {
  const FakeSysfs tree;
  tree.zone("intel-rapl:0", "package-0", 1);
  const std::vector<MeterStatus> meters = survey(options(tree, "auto"));
  ASSERT_EQ(meters.size(), 2U);
  EXPECT_EQ(meters[0].name, "rapl");
  EXPECT_TRUE(meters[0].available);
  EXPECT_EQ(meters[0].quality, Quality::kMeasured);
  EXPECT_TRUE(contains(meters[0].detail, "package-0")) << meters[0].detail;
  EXPECT_EQ(meters[1].name, "model");
  EXPECT_TRUE(meters[1].available);
  EXPECT_EQ(meters[1].quality, Quality::kModelled);
}

TEST(Survey, SaysWhatIsMissing) {
  const FakeSysfs tree;
  std::filesystem::remove_all(tree.powercap());
  const MeterStatus rapl = survey(options(tree, "auto")).front();
  EXPECT_FALSE(rapl.available);
  EXPECT_EQ(rapl.quality, Quality::kUnavailable);
  EXPECT_TRUE(contains(rapl.detail, "shows no RAPL counters")) << rapl.detail;
}

TEST(Survey, NamesDisabledZones) {
  const FakeSysfs tree;
  tree.zone("intel-rapl:0", "package-0", 1);
  tree.write(tree.folder("intel-rapl:0") / "enabled", "0\n");
  EXPECT_TRUE(contains(survey(options(tree, "auto")).front().detail, "disabled"));
}

}  // namespace
}  // namespace frugal::meter
