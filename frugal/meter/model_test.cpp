#include "frugal/meter/model.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <deque>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

CpuTimeSource scripted(std::deque<std::optional<Seconds>> values, Seconds resolution) {
  auto next = [values = std::move(values)]() mutable {
    const std::optional<Seconds> value = values.front();
    values.pop_front();
    return value;
  };
  return {.description = "a script", .read = next, .resolution = resolution};
}

Reading run(FakeClock& clock, ModelOptions options) {
  options.clock = clock.function();
  ModelMeter meter(std::move(options));
  meter.start();
  clock.advance(4.0);
  const std::vector<Reading> readings = meter.stop();
  EXPECT_EQ(readings.size(), 1U);
  return readings.front();
}

TEST(ModelMeter, MultipliesCpuSecondsWithThePowerOfABusyCpu) {
  FakeClock clock;
  const Reading reading =
      run(clock, {.cpu_time = scripted({Seconds(10.0), Seconds(17.0)}, Seconds(0.0))});
  EXPECT_EQ(reading.domain, "cpu");
  EXPECT_EQ(reading.quality, Quality::kModelled);
  EXPECT_EQ(reading.boundary, Boundary::kDevice);
  EXPECT_DOUBLE_EQ(reading.energy.value(), 42.0);  // 7 CPU seconds at 6 W
  EXPECT_DOUBLE_EQ(reading.uncertainty.value(), 21.0);
  EXPECT_DOUBLE_EQ(reading.time.value(), 4.0);
}

TEST(ModelMeter, IdlePowerIsAReadingOfItsOwn) {
  FakeClock clock;
  ModelMeter meter({.idle = Price{.value = 20.0, .std = 2.0},
                    .origin = "a machine file",
                    .note = "from elsewhere",
                    .cpu_time = scripted({Seconds(1.0), Seconds(3.0)}, Seconds(0.0)),
                    .clock = clock.function()});
  EXPECT_NE(meter.description().find("20 W of the idle machine; a machine file"),
            std::string::npos);
  meter.start();
  clock.advance(5.0);
  const std::vector<Reading> readings = meter.stop();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].note, "from elsewhere");
  EXPECT_EQ(readings[1].domain, "idle");
  EXPECT_EQ(readings[1].quality, Quality::kModelled);
  EXPECT_DOUBLE_EQ(readings[1].energy.value(), 100.0);
  EXPECT_DOUBLE_EQ(readings[1].uncertainty.value(), 10.0);
  EXPECT_DOUBLE_EQ(total(readings).energy.value(), 112.0);
}

TEST(ModelMeter, AddsTheResolutionOfTheCpuTimeAtBothEnds) {
  FakeClock clock;
  const Reading reading =
      run(clock, {.cpu_power = Watts(10.0),
                  .cpu_time = scripted({Seconds(1.0), Seconds(1.0)}, Seconds(0.01))});
  EXPECT_EQ(reading.energy, Joules(0.0));
  EXPECT_DOUBLE_EQ(reading.uncertainty.value(), std::sqrt(2.0) * 0.1);
}

TEST(ModelMeter, IsUnavailableWhenCpuTimeCannotBeReadOrFalls) {
  FakeClock clock;
  const Seconds tick(0.01);
  const auto quality = [&](std::optional<Seconds> first, std::optional<Seconds> last) {
    return run(clock, {.cpu_time = scripted({first, last}, tick)}).quality;
  };
  EXPECT_EQ(quality(std::nullopt, Seconds(1.0)), Quality::kUnavailable);
  EXPECT_EQ(quality(Seconds(1.0), std::nullopt), Quality::kUnavailable);
  EXPECT_EQ(quality(Seconds(5.0), Seconds(1.0)), Quality::kUnavailable);
  EXPECT_EQ(quality(Seconds(5.0), Seconds(4.995)), Quality::kModelled);  // within the resolution
}

TEST(ModelMeter, StatesItsConstantsAndItsDoubt) {
  const std::string text = ModelMeter().description();
  for (const std::string_view part : {"6 W", "0.5", "×/÷1.7", "all that it started", "idle"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in: " << text;
  }
}

TEST(ModelMeter, RefusesAMeaninglessPower) {
  for (const double power_w : {0.0, -1.0, 1e9, std::nan(""), HUGE_VAL}) {
    EXPECT_THROW(ModelMeter({.cpu_power = Watts(power_w)}), Error) << power_w;
  }
  EXPECT_THROW(ModelMeter({.relative_std = -0.1}), Error);
  EXPECT_THROW(ModelMeter({.relative_std = std::nan("")}), Error);
}

/// Burns at least this much CPU time of the calling process.
void burn(Seconds cpu) {
  const auto used = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + (1e-9 * static_cast<double>(now.tv_nsec));
  };
  const double begin = used();
  while (used() - begin < cpu.value()) continue;
}

TEST(ProcessCpuTime, GrowsWithOwnWork) {
  const CpuTimeSource source = process_cpu_time();
  const Seconds before = *source.read();
  burn(Seconds(0.05));
  EXPECT_GE(*source.read() - before, Seconds(0.03));
}

TEST(ProcessCpuTime, GrowsWithTheWorkOfAChildOnceItWasWaitedFor) {
  const CpuTimeSource source = process_cpu_time();
  const Seconds before = *source.read();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    burn(Seconds(0.1));
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_GE(*source.read() - before, Seconds(0.08));
}

// A child and a grandchild that run on; afterwards all of it, exactly once.
TEST(ProcessCpuTime, SeesDescendantsThatStillRun) {
  if (!std::filesystem::exists(str("/proc/{0}/task/{0}/children", getpid()))) {
    GTEST_SKIP() << "this kernel does not list children";
  }
  const CpuTimeSource source = process_cpu_time();
  const Seconds before = *source.read();
  int ready[2];
  int leave[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(leave), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const pid_t grandchild = fork();
    burn(Seconds(0.1));
    char word = 'r';
    (void)!write(ready[1], &word, 1);
    (void)!read(leave[0], &word, 1);
    if (grandchild > 0) waitpid(grandchild, nullptr, 0);
    _exit(0);
  }
  char word = 0;
  ASSERT_EQ(read(ready[0], &word, 1), 1);
  ASSERT_EQ(read(ready[0], &word, 1), 1);
  const Seconds running = *source.read() - before;
  EXPECT_GE(running, Seconds(0.16)) << "twice 0.1 s, less a tick or two each";
  ASSERT_EQ(write(leave[1], "ll", 2), 2);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const Seconds ended = *source.read() - before;
  EXPECT_GE(ended, running);
  EXPECT_GE(ended, Seconds(0.19));
  for (const int end : {ready[0], ready[1], leave[0], leave[1]}) close(end);
}

TEST(MachineCpuTime, AddsBusyColumnsOnly) {
  const FakeSysfs tree;
  const double per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  // user nice system idle iowait irq softirq steal guest guest_nice
  tree.write(tree.root() / "proc" / "stat",
             "cpu  100 20 30 9000 800 4 6 70 50 5\ncpu0 100 20 30 9000 800 4 6 70 50 5\n");
  const CpuTimeSource source = machine_cpu_time(tree.root());
  ASSERT_TRUE(source.read());
  EXPECT_DOUBLE_EQ(source.read()->value(), 160.0 / per_second);
  EXPECT_DOUBLE_EQ(source.resolution.value(), 1.0 / per_second);
}

TEST(MachineCpuTime, IsAbsentForAnythingElse) {
  const FakeSysfs tree;
  const std::filesystem::path file = tree.root() / "proc" / "stat";
  const CpuTimeSource source = machine_cpu_time(tree.root());
  EXPECT_FALSE(source.read());
  for (const std::string_view text :
       {"", "cpu", "cpu  1 2 3\n", "cpu  1 2 3 4 5 6 7", "cpu  1 2 -3 4 5 6 7 8\n",
        "cpu0 1 2 3 4 5 6 7 8\n", "cpu  a b c d e f g\n", "\x01\x02\xff\n"}) {
    tree.write(file, text);
    EXPECT_FALSE(source.read()) << text;
  }
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_FALSE(source.read());
}

}  // namespace
}  // namespace frugal::meter
