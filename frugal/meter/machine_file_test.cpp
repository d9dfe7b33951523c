#include "frugal/meter/machine_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "frugal/base/error.h"
#include "frugal/meter/energy_priors.h"
#include "tests/support/temp_folder.h"

namespace frugal::meter {
namespace {

MachineFile example() {
  MachineFile file{.machine = {.processor = "Test CPU 9000", .cpus = 4, .kernel = "Linux 6.1"},
                   .made_at = "2026-11-22T08:00:00Z",
                   .made_by = "frugal 0.1.0",
                   .meter = "rapl",
                   .quality = Quality::kMeasured,
                   .model = prior_model({}),
                   .busy_cpu = {.value = 8.0, .std = 1.0, .fitted = true, .source = "fit"},
                   .rows = 40,
                   .held_out = {.count = 10, .median = 0.05, .p90 = 0.1, .within_factor_two = 1.0}};
  file.model[Term::kIdle] = Price{.value = 20.0, .std = 0.5, .fitted = true, .source = "fit"};
  return file;
}

std::string fault_of(const Json& json) {
  try {
    (void)machine_file_from(json, "m.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt) << error.what();
    return error.what();
  }
  return "none";
}

TEST(MachineFile, ComesBackAsItWasSaved) {
  const test::TempFolder folder;
  save(example(), folder / "m.json");
  const MachineFile back = load_machine_file(folder / "m.json");
  EXPECT_EQ(to_json(back), to_json(example()));
  EXPECT_FALSE(back.model[Term::kNetwork]);
  EXPECT_TRUE(back.model[Term::kIdle]->fitted);
}

TEST(MachineFile, AnyKeyThatIsAbsentOrOfAnotherTypeIsNamed) {
  const Json whole = to_json(example());
  for (const auto& [key, value] : whole.items()) {
    Json less = whole;
    less.erase(key);
    EXPECT_NE(fault_of(less).find(key), std::string::npos) << key;
    Json other = whole;
    other[key] = nullptr;
    EXPECT_NE(fault_of(other), "none") << key;
  }
  for (const Json& json : {Json(1), Json::array(), Json(nullptr), Json("text"), Json::object()}) {
    EXPECT_NE(fault_of(json), "none");
  }
}

TEST(MachineFile, RefusesPricesThatCannotBe) {
  const Json whole = to_json(example());
  for (const Json& bad : {Json(-1.0), Json(1e9), Json("6"), Json(nullptr), Json::array()}) {
    Json file = whole;
    file["prices"][0]["value"] = bad;
    EXPECT_NE(fault_of(file).find("value"), std::string::npos) << bad;
    file = whole;
    file["busy_cpu"]["std"] = bad;
    EXPECT_NE(fault_of(file), "none") << bad;
  }
  Json file = whole;
  file["prices"][2]["term"] = "tea\x01leaves";
  EXPECT_NE(fault_of(file).find("\\x01"), std::string::npos);
  file = whole;
  file["prices"].push_back(file["prices"][0]);
  EXPECT_NE(fault_of(file).find("twice"), std::string::npos);
  file = whole;
  file["prices"].erase(0);
  EXPECT_NE(fault_of(file).find("idle"), std::string::npos);
  file = whole;
  file["meter"]["quality"] = "modelled";
  EXPECT_NE(fault_of(file), "none");
}

TEST(MachineFile, AnotherVersionIsUnsupportedNotCorrupt) {
  Json file = to_json(example());
  file["version"] = 2;
  try {
    (void)machine_file_from(file, "m.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  }
}

TEST(MachineFile, BytesOfAnyKindOnlyCauseAnError) {
  const test::TempFolder folder;
  const std::string whole = to_json(example()).dump();
  for (std::size_t cut = 0; cut < whole.size(); cut += 37) {
    std::ofstream(folder / "m.json") << whole.substr(0, cut);
    EXPECT_THROW((void)load_machine_file(folder / "m.json"), Error) << cut;
  }
  std::ofstream(folder / "m.json") << std::string(3U << 20U, '[');
  EXPECT_THROW((void)load_machine_file(folder / "m.json"), Error);
  EXPECT_THROW((void)load_machine_file(folder / "absent.json"), Error);
  EXPECT_THROW((void)load_machine_file(folder.path()), Error);
}

TEST(MachineFile, OnItsOwnProcessorItIsTakenAsItIs) {
  const AdaptedMachine same = adapt(example(), {.processor = "Test CPU 9000"});
  EXPECT_TRUE(same.note.empty());
  EXPECT_EQ(to_json(same.file), to_json(example()));
}

TEST(MachineFile, ElsewhereItIsWiderAndSaysSo) {
  for (const std::string processor : {"Another CPU", ""}) {
    const AdaptedMachine other = adapt(example(), {.processor = processor});
    EXPECT_NE(other.note.find("Test CPU 9000"), std::string::npos);
    EXPECT_DOUBLE_EQ(other.file.busy_cpu.value, 8.0);
    EXPECT_DOUBLE_EQ(other.file.busy_cpu.std, std::hypot(1.0, 4.0));
    EXPECT_DOUBLE_EQ(other.file.model[Term::kIdle]->std, std::hypot(0.5, 10.0));
  }
}

}  // namespace
}  // namespace frugal::meter
