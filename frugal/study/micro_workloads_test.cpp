#include "frugal/study/micro_workloads.h"

#include <gtest/gtest.h>

#include <map>

namespace frugal::study {
namespace {

using meter::Term;

const std::map<std::string, meter::Activity>& activities() {
  static const auto* const kAll = [] {
    auto* all = new std::map<std::string, meter::Activity>;
    for (const MicroWorkload& workload : micro_workloads(kernels::choose_kernels(""), 2)) {
      (*all)[workload.name] = workload.run(Seconds(0.02));
    }
    return all;
  }();
  return *kAll;
}

double amount(const std::string& name, Term term) {
  return meter::amounts_of(activities().at(name))[static_cast<std::size_t>(term)];
}

TEST(MicroWorkloads, EachTakesAboutTheTimeItIsGiven) {
  for (const auto& [name, activity] : activities()) {
    EXPECT_GE(activity.time.value(), 0.019) << name;
  }
}

TEST(MicroWorkloads, IdleDoesNothingAndSpinNothingThatIsCounted) {
  EXPECT_EQ(activities().at("idle").cost, Cost{});
  EXPECT_EQ(activities().at("spin").cost, Cost{});
  EXPECT_LT(activities().at("idle").cpu.value(), 0.01);
  EXPECT_GT(activities().at("spin").cpu.value(), 0.01);
}

/// How much of all that `name` counts is `term`; no clock has a say.
double share(const std::string& name, Term term) {
  const meter::Activity& activity = activities().at(name);
  double all = 0.0;
  for (const std::uint64_t count : activity.cost.ops) all += static_cast<double>(count);
  for (const std::uint64_t count : activity.cost.bytes) all += static_cast<double>(count);
  return amount(name, term) / all;
}

TEST(MicroWorkloads, EachHasMoreOfItsOwnTermThanAnyOther) {
  const std::map<std::string, Term> own = {{"int8", Term::kInt8},
                                           {"float", Term::kFloat},
                                           {"special", Term::kSpecial},
                                           {"cache", Term::kCache},
                                           {"dram", Term::kDram}};
  for (const auto& [name, term] : own) {
    for (const auto& [other, unused] : own) {
      if (other == name) continue;
      EXPECT_GT(share(name, term), share(other, term)) << meter::term_name(term) << " of " << other;
    }
  }
}

TEST(MicroWorkloads, OnlyTheLoopsOverMemoryCountMemory) {
  for (const char* name : {"int8", "float", "special", "cache"}) {
    EXPECT_EQ(amount(name, Term::kDram), 0.0) << name;
  }
  for (const char* name : {"dram", "decode", "prefill"}) {
    EXPECT_GT(amount(name, Term::kDram), 1e5) << name;
  }
}

TEST(MicroWorkloads, MixturesAreHeldOut) {
  for (const MicroWorkload& workload : micro_workloads(kernels::choose_kernels("scalar"), 1)) {
    EXPECT_EQ(workload.held_out, workload.name == "decode" || workload.name == "prefill");
  }
}

}  // namespace
}  // namespace frugal::study
