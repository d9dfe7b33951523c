#include "frugal/meter/gpu_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "frugal/meter/energy_priors.h"
#include "frugal/meter/published_runs.h"

namespace frugal::meter {
namespace {

TEST(GpuModel, HasEveryPublishedRow) {
  ASSERT_EQ(h100_runs().size(), 274U);
  std::set<std::string> tasks;
  for (const PublishedRun& run : h100_runs()) tasks.insert(run.task);
  EXPECT_EQ(tasks, (std::set<std::string>{"chat", "fim", "gpqa"}));
}

// The published tables as other readers quote them, to catch a slip in ours.
TEST(GpuModel, ItsRowsAreThePublishedOnes) {
  const auto joules = [](std::string_view model, double batch) {
    for (const PublishedRun& run : h100_runs()) {
      if (run.task == "chat" && run.model == model && std::abs(run.run.batch - batch) < 1.0) {
        return run.joules_per_token;
      }
    }
    return 0.0;
  };
  EXPECT_NEAR(joules("Llama-3.1-8B", 8.0), 0.4548, 5e-5);
  EXPECT_NEAR(joules("Llama-3.1-8B", 511.0), 0.0702, 5e-5);
  EXPECT_NEAR(joules("Llama-3.1-405B-FP8", 64.0), 3.0825, 5e-5);
  EXPECT_NEAR(joules("Qwen3-235B-A22B-Instruct", 64.0), 2.394, 5e-4);
}

TEST(GpuModel, AmountsAreTheTermsOfTheFormula) {
  const auto dense = gpu_amounts({.active_billions = 8.0,
                                  .total_billions = 8.0,
                                  .bytes_per_weight = 2.0,
                                  .gpus = 2.0,
                                  .batch = 4.0,
                                  .output_tokens = 100.0});
  EXPECT_DOUBLE_EQ(dense[0], 4e9);  // 16 GB shared by four
  EXPECT_DOUBLE_EQ(dense[1], 16e9);
  EXPECT_DOUBLE_EQ(dense[2], 0.5);
  EXPECT_DOUBLE_EQ(dense[3], 2.0);
  EXPECT_DOUBLE_EQ(dense[4], 100.0 * std::sqrt(8e9));
  GpuRun experts{.active_billions = 1.0, .total_billions = 4.0};
  EXPECT_DOUBLE_EQ(gpu_amounts(experts)[0], 2e9);  // one token touches its own
  experts.batch = 2.0;
  EXPECT_DOUBLE_EQ(gpu_amounts(experts)[0], 4e9 * (1.0 - 0.75 * 0.75) * 2.0 / 2.0);
}

TEST(GpuModel, PredictsAModelItNeverSawToTwelvePercent) {
  const HoldOut& error = h100_model().by_model;
  EXPECT_EQ(error.count, 274U);
  EXPECT_LE(error.median, 0.12);
  EXPECT_LE(error.p90, 0.47);
  EXPECT_GE(error.within_factor_two, 0.95);
}

TEST(GpuModel, IsWorseWhereMoreIsLeftOut) {
  const GpuModel& model = h100_model();
  EXPECT_GE(model.by_architecture.median, model.by_model.median);
  EXPECT_GE(model.by_task.median, model.by_model.median);
  EXPECT_LE(model.by_task.median, 0.25);
}

TEST(GpuModel, ItsPricesAreOfASizeThatPhysicsKnows) {
  const auto& prices = h100_model().prices;
  EXPECT_NEAR(prices[0].value, 194e-12, 20e-12);  // the reference fit of the same form
  EXPECT_NEAR(prices[1].value, 1.77e-12, 0.2e-12);
  EXPECT_GT(prices[0].value, 31e-12);  // above HBM2 alone
  for (const Coefficient& price : prices) {
    EXPECT_GT(price.value, 0.0);  // all five are in use, though a step's may be 0 in a replicate
    EXPECT_LE(price.low95, price.value);
    EXPECT_GE(price.high95, price.value);
  }
  for (const CircuitPrior& prior : circuit_priors()) {
    if (prior.term != Term::kDevice) continue;
    EXPECT_NEAR(prior.at_7nm, prices[0].value, 0.05 * prior.at_7nm);
  }
}

}  // namespace
}  // namespace frugal::meter
