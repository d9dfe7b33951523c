/// Laws of one energy counter, over published vectors and random traces.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "frugal/base/str.h"
#include "frugal/meter/counter_trace.h"

namespace frugal::meter {
namespace {

constexpr std::uint64_t kModulus = 262'143'328'911;  // µJ: Intel package, 61 µJ a count

CounterLimits package_limits() {
  return {.modulus_uj = kModulus, .max_power = Watts(1500.0)};
}

/// Samples a counter that truly draws `power` for `time`, twice per shortest wrap.
CounterSummary watch(const CounterLimits& limits, std::uint64_t start_uj, Watts power,
                     Seconds time) {
  CounterTrace trace(limits);
  trace.begin(Seconds(0.0), start_uj);
  const auto steps = static_cast<std::uint64_t>(std::ceil(time / (0.5 * limits.wrap_time())));
  for (std::uint64_t i = 1; i <= steps; ++i) {
    const Seconds now = (static_cast<double>(i) / static_cast<double>(steps)) * time;
    const auto drawn_uj = static_cast<std::uint64_t>(std::llround(1e6 * (power * now).value()));
    EXPECT_EQ(trace.add(now, (start_uj + drawn_uj) % *limits.modulus_uj), SampleKind::kValue);
  }
  return trace.summary(time);
}

TEST(CounterLaws, AWrapDoesNotChangeTheEnergy) {
  // A published case: 30,811.1 J shown after 1795.02 s, one wrap of 2^32 · 61.03515625 µJ unseen.
  const CounterLimits limits{.modulus_uj = 262'144'000'000, .max_power = Watts(1500.0)};
  const Watts power(292'955.1 / 1795.02);
  const CounterSummary sum = watch(limits, 0, power, Seconds(1795.02));
  EXPECT_NEAR(sum.energy().value(), 292'955.1, 1e-3);
  EXPECT_NEAR(sum.energy() / Joules(1795.02), 163.2, 0.05);
  const double shown_j = std::fmod(sum.energy().value(), 262'144.0);
  EXPECT_NEAR(shown_j, 30'811.1, 1e-3);
}

TEST(CounterLaws, EnergyDoesNotDependOnWhereTheCounterStarted) {
  for (const std::uint64_t start_uj : {std::uint64_t{0}, kModulus / 2, kModulus - 1}) {
    const CounterSummary sum = watch(package_limits(), start_uj, Watts(200.0), Seconds(5000.0));
    EXPECT_EQ(sum.energy_uj, 1'000'000'000'000U) << start_uj;  // nearly four wraps
    EXPECT_EQ(sum.lost, Seconds(0.0));
  }
}

TEST(CounterLaws, PowerTimesTimeIsEnergy) {
  for (const double power_w : {0.5, 15.0, 240.0, 1400.0}) {
    const Seconds time(600.0);
    const CounterSummary sum = watch(package_limits(), kModulus - 1000, Watts(power_w), time);
    EXPECT_NEAR(sum.energy().value(), (Watts(power_w) * time).value(), 1e-6);
    EXPECT_NEAR((sum.energy() / time).value(), power_w, 1e-8);
  }
}

TEST(CounterLaws, TheModulusIsOneCountMoreThanTheRange) {
  // Were the range itself the modulus, each wrap would lose a count.
  const std::uint64_t range_uj = 262'143'328'850;
  EXPECT_EQ(counter_modulus(range_uj) - range_uj, 61U);
}

/// What really happened in a random trace, and what the counter's reader made of it.
struct History {
  double true_j = 0.0;
  double seen_j = 0.0;
  bool fell = false;
  CounterSummary sum;
  double duration_s = 0.0;
};

/// Random powers, failed reads and resets; counters start anywhere.
History random_history(std::uint64_t seed, bool with_faults) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  CounterTrace trace(package_limits());
  std::uint64_t counter = random() % kModulus;
  trace.begin(Seconds(0.0), counter);
  History history;
  std::uint64_t previous_uj = 0;
  for (int i = 0; i < 200; ++i) {
    const double step_s = 0.1 + (50.0 * unit(random));
    const auto step_uj = static_cast<std::uint64_t>(300e6 * unit(random) * step_s);
    history.duration_s += step_s;
    history.true_j += 1e-6 * static_cast<double>(step_uj);
    counter = (counter + step_uj) % kModulus;
    const double dice = with_faults ? unit(random) : 1.0;
    if (dice < 0.02) counter = 0;
    const bool failed = dice > 0.1 && dice < 0.2;
    trace.add(Seconds(history.duration_s), failed ? std::nullopt : std::optional(counter));
    history.sum = trace.summary(Seconds(history.duration_s));
    history.fell = history.fell || history.sum.energy_uj < previous_uj;
    previous_uj = history.sum.energy_uj;
  }
  history.seen_j = history.sum.energy().value();
  return history;
}

TEST(CounterLaws, EnergyIsExactWithoutFaults) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const History history = random_history(seed, false);
    EXPECT_NEAR(history.seen_j, history.true_j, 1e-3) << "seed " << seed;
  }
}

TEST(CounterLaws, EnergyNeverFallsAndTimeIsAlwaysAccountedFor) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const History history = random_history(seed, true);
    EXPECT_FALSE(history.fell) << "seed " << seed;
    EXPECT_NEAR((history.sum.covered + history.sum.lost).value(), history.duration_s, 1e-6)
        << "seed " << seed;
    EXPECT_EQ(history.sum.values + history.sum.failures, 201U);
  }
}

TEST(CounterLaws, NoFaultInventsMoreThanTheMachineCanDraw) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const History history = random_history(seed, true);
    const double most_j = 1500.0 * (history.sum.covered.value() + (0.1 * 201.0));
    EXPECT_LE(history.seen_j, most_j) << "seed " << seed;
  }
}

// Published vectors: CodeCarbon's small counter, Zeus' run of falling values, likwid's issue 646.
TEST(CounterLaws, AgreeWithPublishedSmallCounters) {
  CounterTrace trace({.modulus_uj = counter_modulus(105), .max_power = Watts(1e-5)});
  trace.begin(Seconds(0.0), 100);
  trace.add(Seconds(2.0), 10);
  EXPECT_EQ(trace.summary(Seconds(2.0)).energy_uj, 15U);

  // 90,000 µJ and no wrap; then five wraps of 100,000 µJ after 80,000 µJ
  constexpr std::uint64_t kSmall = 100'000;
  CounterTrace wraps({.modulus_uj = kSmall, .max_power = Watts(0.1)});
  wraps.begin(Seconds(0.0), 0);
  wraps.add(Seconds(0.9), 90'000);
  EXPECT_NEAR(1e3 * wraps.summary(Seconds(0.9)).energy().value(), 90.0, 1e-9);  // mJ
  wraps.begin(Seconds(0.0), 0);
  for (int i = 1; i <= 58; ++i) {
    wraps.add(Seconds(0.1 * i), static_cast<std::uint64_t>(i) * 10'000 % kSmall);
  }
  EXPECT_NEAR(1e3 * wraps.summary(Seconds(5.8)).energy().value(), 580.0, 1e-9);
}

TEST(CounterLaws, CountEachFallOfAPublishedRunAsOneWrap) {
  constexpr std::uint64_t kSmall = 100'001;
  CounterTrace trace({.modulus_uj = kSmall, .max_power = Watts(1.0)});
  const std::vector<std::uint64_t> run = {100'000, 90'000, 80'000, 70'000, 60'000,
                                          50'000,  40'000, 50'000, 20'000, 10'000};
  trace.begin(Seconds(0.0), run.front());
  for (std::size_t i = 1; i < run.size(); ++i) {
    trace.add(Seconds(0.05 * static_cast<double>(i)), run[i]);
  }
  // Energy = last − first + wraps · modulus.
  const std::uint64_t energy_uj = trace.summary(Seconds(0.5)).energy_uj;
  EXPECT_EQ((energy_uj + run.front() - run.back()) / kSmall, 8U);
}

TEST(CounterLaws, PrintTheWattsOfThePublishedTrace) {
  const CounterLimits limits{.modulus_uj = 262'144'000'000, .max_power = Watts(1500.0)};
  CounterTrace trace(limits);
  trace.begin(Seconds(0.0), 0);
  // 292,955.1 J in 1,795.02 s: a sample every 60 s, one of them failed, and at the end a reset
  constexpr double kEnd = 1795.02;
  for (int i = 1; i <= 29; ++i) {
    const auto drawn_uj = static_cast<std::uint64_t>(292'955.1e6 * (60.0 * i) / kEnd);
    if (i == 17) trace.add(Seconds(60.0 * i), std::nullopt);
    if (i != 17) trace.add(Seconds(60.0 * i), drawn_uj % *limits.modulus_uj);
  }
  trace.add(Seconds(kEnd), 30'811'100'000);
  EXPECT_EQ(trace.add(Seconds(kEnd), 0), SampleKind::kReset);
  const CounterSummary sum = trace.summary(Seconds(kEnd));
  EXPECT_EQ(sum.energy_uj, 292'955'100'000U);  // to the last µJ
  EXPECT_NEAR(sum.energy().value(), 30'811.1 + 262'144.0, 1e-9);
  EXPECT_EQ(str("{:.1f} W", (sum.energy() / Seconds(kEnd)).value()), "163.2 W");
}

}  // namespace
}  // namespace frugal::meter
