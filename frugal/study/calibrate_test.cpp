#include "frugal/study/calibrate.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/meter/energy_priors.h"
#include "frugal/meter/fake.h"

namespace frugal::study {
namespace {

using meter::Term;

/// A machine whose joules follow known prices, and a counter of them.
struct World {
  meter::EnergyModel truth{.name = "truth", .relative_std = 0.0};
  double counter_j = 0.0;
  double noise = 0.0;
  Random random{11};
  std::vector<std::string> ran = {};

  World() {
    const auto set = [&](Term term, double value) { truth[term] = meter::Price{.value = value}; };
    set(Term::kIdle, 18.0);
    set(Term::kCpu, 4.5);
    set(Term::kInt8, 1.1e-11);
    set(Term::kFloat, 3.0e-11);
    set(Term::kSpecial, 2.5e-10);
    set(Term::kCache, 1.2e-11);
    set(Term::kDram, 2.1e-10);
  }

  void spend(const meter::Activity& activity) {
    const double energy_j = meter::price_of(activity, truth).energy.value();
    counter_j += energy_j * (1.0 + noise * random.normal());
  }
};

class WorldMeter final : public meter::Meter {
 public:
  explicit WorldMeter(World& world) : world_(world) {}
  [[nodiscard]] std::string_view name() const override { return "world"; }
  [[nodiscard]] std::string description() const override { return "a counter of a made-up world"; }
  void start() override { from_ = world_.counter_j; }
  void sample() override {}
  [[nodiscard]] std::shared_ptr<const meter::Mark> mark() const override {
    return std::make_shared<meter::Mark>();
  }
  [[nodiscard]] std::vector<meter::Reading> since(const meter::Mark& /*from*/) const override {
    return {{.domain = "world",
             .boundary = meter::Boundary::kDevice,
             .quality = quality,
             .energy = Joules(world_.counter_j - from_),
             .uncertainty = Joules(0.0),
             .time = Seconds(1.0),
             .note = {}}};
  }
  [[nodiscard]] std::vector<meter::Reading> stop() override {
    auto readings = since(meter::Mark());
    if (++stops_ % lost_every == 0) readings[0].quality = meter::Quality::kUnavailable;
    return readings;
  }

  meter::Quality quality = meter::Quality::kMeasured;
  std::size_t lost_every = 1'000'000;

 private:
  World& world_;
  double from_ = 0.0;
  std::size_t stops_ = 0;
};

MicroWorkload workload(World& world, const std::string& name, double cpu, const Cost& cost,
                       bool held_out = false) {
  return {.name = name, .held_out = held_out, .run = [&world, name, cpu, cost](Seconds target) {
            const double much = target.value() * (0.95 + 0.1 * world.random.uniform());
            meter::Activity activity{.time = target, .cpu = Seconds(cpu * target.value())};
            for (std::size_t i = 0; i < kOpKinds; ++i) {
              activity.cost.ops[i] =
                  static_cast<std::uint64_t>(much * static_cast<double>(cost.ops[i]));
            }
            for (std::size_t i = 0; i < kTrafficKinds; ++i) {
              activity.cost.bytes[i] =
                  static_cast<std::uint64_t>(much * static_cast<double>(cost.bytes[i]));
            }
            world.ran.push_back(name);
            world.spend(activity);
            return activity;
          }};
}

std::vector<MicroWorkload> workloads_of(World& world) {
  const auto cost = [] { return Cost{}; };
  return {
      workload(world, "idle", 0.0, cost()),
      workload(world, "spin", 2.0, cost()),
      workload(world, "int8", 2.0,
               cost().add(Op::kInt8, 200'000'000'000).add(Traffic::kCache, 20'000'000'000)),
      workload(world, "float", 2.0,
               cost().add(Op::kFloat, 60'000'000'000).add(Traffic::kCache, 30'000'000'000)),
      workload(world, "special", 2.0,
               cost().add(Op::kSpecial, 2'000'000'000).add(Op::kFloat, 8'000'000'000)),
      workload(world, "cache", 2.0,
               cost().add(Op::kFloat, 6'000'000'000).add(Traffic::kCache, 120'000'000'000)),
      workload(world, "dram", 2.0,
               cost().add(Op::kFloat, 8'000'000'000).add(Traffic::kDram, 16'000'000'000)),
      workload(world, "decode", 2.0,
               cost().add(Op::kInt8, 30'000'000'000).add(Traffic::kDram, 15'000'000'000), true)};
}

TEST(Calibrate, FindsThePricesOfAKnownMachineExactlyWithoutNoise) {
  World world;
  WorldMeter meter(world);
  const Calibration found = calibrate(workloads_of(world), meter, {.repeats = 3, .replicates = 10});
  ASSERT_EQ(found.terms.size(), 7U);
  for (const FittedTerm& term : found.terms) {
    const double truth = world.truth[term.term]->value;
    EXPECT_NEAR(term.price.value, truth, 1e-6 * truth) << meter::term_name(term.term);
  }
  EXPECT_EQ(found.held_out.count, 3U);
  EXPECT_LT(found.held_out.p90, 1e-6);
  EXPECT_EQ(found.quality, meter::Quality::kMeasured);
  EXPECT_EQ(found.runs.size(), 24U);
}

TEST(Calibrate, ItsIntervalsHoldThePricesBehindANoisyCounter) {
  World world;
  world.noise = 0.01;
  WorldMeter meter(world);
  const Calibration found =
      calibrate(workloads_of(world), meter, {.repeats = 8, .replicates = 200});
  ASSERT_EQ(found.terms.size(), 7U);
  int held = 0;
  for (const FittedTerm& term : found.terms) {
    const double truth = world.truth[term.term]->value;
    EXPECT_NEAR(term.price.value, truth, 4.0 * term.price.std) << meter::term_name(term.term);
    EXPECT_LT(term.price.std, 0.3 * truth) << meter::term_name(term.term);
    if (term.price.low95 <= truth && truth <= term.price.high95) ++held;
  }
  EXPECT_GE(held, 6);  // of 7 at 95 %
  EXPECT_LT(found.held_out.median, 0.03);
}

TEST(Calibrate, ABusyCpuIsTheMeanOverWorkloadsWithTheirSpread) {
  World world;
  WorldMeter meter(world);
  const Calibration found = calibrate(workloads_of(world), meter, {.repeats = 2, .replicates = 2});
  EXPECT_GT(found.busy_cpu.value, 4.5);  // spin alone
  EXPECT_LT(found.busy_cpu.value, 7.0);
  EXPECT_GT(found.busy_cpu.std, 0.3);
}

TEST(Calibrate, OtherProgramsAreSeenByTheirCpuSeconds) {
  World world;
  WorldMeter meter(world);
  double busy_s = 0.0;
  auto workloads = workloads_of(world);
  for (MicroWorkload& workload : workloads) {
    workload.run = [&world, &busy_s, own = workload.run](Seconds target) {
      const double others_s = target.value() * world.random.uniform();
      const meter::Activity activity = own(target);
      world.spend({.time = Seconds(0.0), .cpu = Seconds(others_s)});
      busy_s += activity.cpu.value() + others_s;
      return activity;
    };
  }
  const meter::CpuTimeSource all{.description = "all",
                                 .read = [&busy_s] { return std::optional(Seconds(busy_s)); }};
  const Calibration found =
      calibrate(workloads, meter, {.repeats = 3, .replicates = 5, .machine_cpu = all});
  for (const FittedTerm& term : found.terms) {
    const double truth = world.truth[term.term]->value;
    EXPECT_NEAR(term.price.value, truth, 1e-6 * truth) << meter::term_name(term.term);
  }
}

TEST(Calibrate, RunsEveryWorkloadInEachRoundInAnOrderOfItsOwn) {
  const auto order = [](std::uint64_t seed) {
    World world;
    WorldMeter meter(world);
    (void)calibrate(workloads_of(world), meter, {.repeats = 4, .seed = seed, .replicates = 1});
    return world.ran;
  };
  const std::vector<std::string> ran = order(1);
  ASSERT_EQ(ran.size(), 40U);
  for (std::size_t round = 0; round < 5; ++round) {  // the first of them to warm up
    const std::set<std::string> names(ran.begin() + 8 * static_cast<std::ptrdiff_t>(round),
                                      ran.begin() + 8 * static_cast<std::ptrdiff_t>(round + 1));
    EXPECT_EQ(names.size(), 8U);
  }
  EXPECT_NE(std::vector(ran.begin() + 8, ran.begin() + 16),
            std::vector(ran.begin() + 16, ran.begin() + 24));
  EXPECT_EQ(ran, order(1));
  EXPECT_NE(ran, order(2));
}

ErrorKind fault(meter::Meter& meter, World& world, const CalibrateOptions& options) {
  try {
    (void)calibrate(workloads_of(world), meter, options);
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no fault";
  return ErrorKind::kIo;
}

TEST(Calibrate, RefusesToPretendWithoutACounter) {
  for (const meter::Quality quality : {meter::Quality::kModelled, meter::Quality::kUnavailable}) {
    World world;
    WorldMeter meter(world);
    meter.quality = quality;
    EXPECT_EQ(fault(meter, world, {.repeats = 3}), ErrorKind::kUnsupported);
    EXPECT_LE(world.ran.size(), quality == meter::Quality::kModelled ? 0U : 11U);
  }
  World world;
  world.truth[Term::kIdle]->value = 0.0;  // a counter that stands still while nothing happens
  WorldMeter meter(world);
  EXPECT_EQ(fault(meter, world, {.repeats = 3}), ErrorKind::kUnsupported);
}

TEST(Calibrate, LivesWithFewLostRunsButNotWithMany) {
  World world;
  WorldMeter meter(world);
  meter.lost_every = 9;
  const Calibration found = calibrate(workloads_of(world), meter, {.repeats = 4, .replicates = 2});
  EXPECT_EQ(found.lost, 3U);
  EXPECT_EQ(found.runs.size(), 29U);
  WorldMeter worse(world);
  worse.lost_every = 3;
  EXPECT_EQ(fault(worse, world, {.repeats = 4}), ErrorKind::kIo);
}

TEST(Calibrate, RefusesRunsThatSayNothing) {
  World world;
  WorldMeter meter(world);
  EXPECT_EQ(fault(meter, world, {.repeats = 0}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(fault(meter, world, {.each = Seconds(0.001)}), ErrorKind::kInvalidArgument);
}

TEST(Calibrate, StopsWhenItsProgressThrows) {
  World world;
  WorldMeter meter(world);
  const auto stop = [](const ProgressUpdate& update) {
    EXPECT_EQ(update.total, 40U);
    if (update.done == 5) throw std::runtime_error("stop");
  };
  EXPECT_THROW((void)calibrate(workloads_of(world), meter, {.progress = stop}), std::runtime_error);
  EXPECT_EQ(world.ran.size(), 8U + 5U);
}

TEST(Calibrate, TermsThatNoWorkloadHadKeepTheirPriors) {
  World world;
  WorldMeter meter(world);
  const Calibration found = calibrate(workloads_of(world), meter, {.repeats = 2, .replicates = 5});
  const meter::EnergyModel priors = meter::prior_model({});
  const meter::EnergyModel model = model_from(found, priors, "world");
  EXPECT_TRUE(model[Term::kDram]->fitted);
  EXPECT_FALSE(model[Term::kStorage]->fitted);
  EXPECT_EQ(model[Term::kStorage]->value, priors[Term::kStorage]->value);
  EXPECT_FALSE(model[Term::kNetwork]);
  EXPECT_LT(model.relative_std, 1e-3);  // the mixtures were met
}

}  // namespace
}  // namespace frugal::study
