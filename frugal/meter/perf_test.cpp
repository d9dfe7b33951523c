#include "frugal/meter/perf.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <map>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"
#include "frugal/meter/perf_events.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Joules by (config, cpu), shown at 2^-32 J a count.
class PerfTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Meter> meter() {
    PerfOptions options;
    options.root = tree_.root();
    options.clock = clock_.function();
    options.open = [this](const PerfEvent& event) -> PerfCounter {
      EXPECT_EQ(event.type, 11U);
      if (code_ != 0) return {.read = {}, .code = code_};
      const std::pair key(event.config, event.cpu);
      return {.read = [this, key]() -> std::optional<std::uint64_t> {
                return static_cast<std::uint64_t>(std::llround(std::ldexp(joules_[key], 32)));
              },
              .code = 0};
    };
    return open_perf(options);
  }
  std::string refusal(ErrorKind kind) {
    try {
      (void)meter();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }
  void write(std::string_view file, std::string_view text) {
    tree_.write(tree_.root() / "sys/bus/event_source/devices/power" / file, text);
  }

  FakeSysfs tree_;
  FakeClock clock_;
  std::map<std::pair<std::uint64_t, int>, double> joules_;
  int code_ = 0;
};

TEST_F(PerfTest, AddsPackagesAndMemoryOfEachSocketAndNothingInsideThem) {
  tree_.power_unit({"energy-pkg", "energy-ram", "energy-cores", "energy-psys"}, "0,18");
  for (const int cpu : {0, 18}) {
    tree_.write(
        tree_.root() / str("sys/devices/system/cpu/cpu{}/topology/physical_package_id", cpu),
        cpu == 0 ? "0\n" : "1\n");
  }
  const auto perf = meter();
  perf->start();
  clock_.advance(2.0);
  joules_ = {{{2, 0}, 40.0}, {{2, 18}, 50.0}, {{3, 0}, 4.0}, {{3, 18}, 5.0}, {{4, 0}, 30.0}};
  const std::vector<Reading> readings = perf->stop();
  ASSERT_EQ(readings.size(), 4U);
  EXPECT_EQ(readings[0].domain, "package-0");
  EXPECT_EQ(readings[1].domain, "package-1");
  EXPECT_EQ(readings[3].domain, "dram-1");
  EXPECT_NEAR(total(readings).energy.value(), 99.0, 1e-5);
  EXPECT_EQ(total(readings).quality, Quality::kMeasured);
  EXPECT_TRUE(contains(perf->description(), "not added: energy-psys, energy-cores"))
      << perf->description();
}

TEST_F(PerfTest, TakesThePlatformWhereThereIsNoPackage) {
  tree_.power_unit({"energy-psys"}, "0,18");
  const auto perf = meter();
  perf->start();
  clock_.advance(1.0);
  joules_[{2, 0}] = 25.0;
  const std::vector<Reading> readings = perf->stop();
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].domain, "psys");
  EXPECT_NEAR(readings[0].energy.value(), 25.0, 1e-5);
}

TEST_F(PerfTest, CountsFarBeyondTheRegister) {
  tree_.power_unit({"energy-pkg"});
  joules_[{2, 0}] = 1e9;  // 300 GJ would be its end
  const auto perf = meter();
  perf->start();
  clock_.advance(1000.0);
  joules_[{2, 0}] = 1e9 + 1'000'000.0;  // four times around the register
  EXPECT_NEAR(perf->stop().front().energy.value(), 1'000'000.0, 1e-3);
}

TEST_F(PerfTest, NamesTheCommandsThatGivePermission) {
  tree_.power_unit({"energy-pkg"});
  tree_.write(tree_.root() / "proc/sys/kernel/perf_event_paranoid", "4\n");
  code_ = EACCES;
  const std::string text = refusal(ErrorKind::kPermission);
  EXPECT_TRUE(contains(text, "perf_event_paranoid is 4")) << text;
  EXPECT_TRUE(contains(text, "setcap cap_perfmon+ep")) << text;
  EXPECT_TRUE(contains(text, "sysctl kernel.perf_event_paranoid=0")) << text;
  code_ = ENODEV;
  EXPECT_TRUE(contains(refusal(ErrorKind::kUnsupported), "No such device"));
}

TEST_F(PerfTest, SaysWhatIsMissing) {
  EXPECT_TRUE(contains(refusal(ErrorKind::kUnsupported), "shows no RAPL counters"));
}

TEST_F(PerfTest, RefusesWhatItDoesNotUnderstand) {
  struct Case {
    std::string_view file;
    std::string_view text;
    std::string_view expected;
  };
  for (const Case& bad : {Case{"events/energy-pkg.unit", "Watts\n", "expected Joules"},
                          Case{"events/energy-pkg.scale", "-1\n", "joules a count"},
                          Case{"events/energy-pkg.scale", "1e9\n", "joules a count"},
                          Case{"events/energy-pkg.scale", "\xff\x01\n", "joules a count"},
                          Case{"events/energy-pkg", "event=0x02,umask=1\n", "event=0x"},
                          Case{"events/energy-pkg", "event=0x\n", "event=0x"},
                          Case{"cpumask", "0-99999999\n", "a list of CPUs"},
                          Case{"cpumask", "\n", "a list of CPUs"}, Case{"type", "x\n", "count"}}) {
    tree_.power_unit({"energy-pkg"});
    write(bad.file, bad.text);
    EXPECT_TRUE(contains(refusal(ErrorKind::kUnsupported), bad.expected)) << bad.file << bad.text;
  }
}

TEST_F(PerfTest, NeverOpensWhatAnotherMachinesTreeNumbers) {
  tree_.power_unit({"energy-pkg"});
  write("type", "1\n");  // here: the software counters
  PerfOptions options;
  options.root = tree_.root();
  EXPECT_THROW((void)open_perf(options), Error);
}

TEST(CpuList, ReadsRangesAndRefusesTheRest) {
  EXPECT_EQ(parse_cpu_list("0\n"), std::vector<int>({0}));
  EXPECT_EQ(parse_cpu_list("0-2,8"), std::vector<int>({0, 1, 2, 8}));
  for (const std::string_view text : {"", "a", "3-1", "-1", "0-100000", "0-4000", "1,,2", "0x2"}) {
    EXPECT_TRUE(parse_cpu_list(text).empty()) << text;
  }
}

TEST(PerfOnThisMachine, MovesWhileTheProcessorWorks) {
  std::unique_ptr<Meter> perf;
  try {
    perf = open_perf({});
  } catch (const Error& error) {
    GTEST_SKIP() << "no RAPL by perf_event: " << error.what();
  }
  perf->start();
  const Seconds begin = monotonic_now();
  while (monotonic_now() - begin < Seconds(0.2)) continue;
  EXPECT_GT(total(perf->stop()).energy, Joules(0.0));
}

}  // namespace
}  // namespace frugal::meter
