#include "frugal/study/workload.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "frugal/base/error.h"
#include "frugal/meter/fake.h"
#include "tests/support/tiny_model.h"

namespace frugal::study {
namespace {

class WorkloadTest : public testing::Test {
 protected:
  WorkloadTest()
      : model_(model::load(test::write_tiny_model(folder_ / "m.gguf", {}))),
        engine_(model_, {}),
        cache_(model_.config, 16) {
    workload_.prompt = random_prompt(model_, 6, 1);
    workload_.output_tokens = 4;
  }

  test::TempFolder folder_;
  model::Model model_;
  engine::Engine engine_;
  engine::KvCache cache_;
  Workload workload_;
  meter::FakeMeter meter_{Watts(10.0)};
};

TEST_F(WorkloadTest, CountsTheTokensOfEveryPass) {
  const Weighing weighing = weigh(engine_, cache_, workload_, 3, meter_);
  EXPECT_EQ(weighing.passes, 3U);
  EXPECT_EQ(weighing.receipt.work[Phase::kPrefill].prompt_tokens, 18U);
  EXPECT_EQ(weighing.receipt.work[Phase::kDecode].output_tokens, 12U);
  EXPECT_EQ(meter_.starts(), 1U) << "all passes are one span";
  EXPECT_EQ(meter_.stops(), 1U);
}

TEST_F(WorkloadTest, CountsNothingOfWhatTheEngineDidBefore) {
  const Weighing first = weigh(engine_, cache_, workload_, 1, meter_);
  const Weighing second = weigh(engine_, cache_, workload_, 1, meter_);
  for (const Phase phase : {Phase::kPrefill, Phase::kDecode}) {
    EXPECT_EQ(first.receipt.work[phase].cost, second.receipt.work[phase].cost);
    EXPECT_EQ(first.receipt.work[phase].output_tokens, second.receipt.work[phase].output_tokens);
  }
}

TEST_F(WorkloadTest, TheReceiptIsOfTheMetersReadings) {
  const Weighing weighing = weigh(engine_, cache_, workload_, 1, meter_);
  ASSERT_EQ(weighing.readings.size(), 1U);
  EXPECT_EQ(weighing.receipt.total.energy, weighing.readings[0].energy);
  EXPECT_NEAR(weighing.readings[0].energy.value(), 10.0 * weighing.readings[0].time.value(), 1e-9);
}

TEST_F(WorkloadTest, RefusesMoreThanTheCacheHolds) {
  workload_.output_tokens = 11;  // 6 + 11 > 16
  EXPECT_THROW((void)weigh(engine_, cache_, workload_, 1, meter_), Error);
}

TEST_F(WorkloadTest, AsManyPassesAsTheTimeNeedsButAtLeastOne) {
  EXPECT_EQ(passes_for(engine_, cache_, workload_, Seconds(0.0)), 1U);
  EXPECT_GT(passes_for(engine_, cache_, workload_, Seconds(10.0)), 1U);
  EXPECT_EQ(passes_for(engine_, cache_, workload_, Seconds(1e9)), 10000U)
      << "and no more than that";
}

TEST_F(WorkloadTest, RandomPromptsKeepAwayFromControlAndByteTokens) {
  const std::vector<TokenId> prompt = random_prompt(model_, 500, 1);
  EXPECT_EQ(prompt.size(), 500U);
  EXPECT_GE(*std::min_element(prompt.begin(), prompt.end()),
            static_cast<TokenId>(test::kTinyVocabulary / 2));
  model_.config.vocab_size = 32000;
  const std::vector<TokenId> large = random_prompt(model_, 5000, 1);
  EXPECT_GE(*std::min_element(large.begin(), large.end()), 300);
  EXPECT_LT(*std::max_element(large.begin(), large.end()), 32000);
}

}  // namespace
}  // namespace frugal::study
