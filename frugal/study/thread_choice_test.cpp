#include "frugal/study/thread_choice.h"

#include <gtest/gtest.h>

#include "frugal/base/thread_pool.h"
#include "frugal/meter/fake.h"
#include "tests/support/tiny_model.h"

namespace frugal::study {
namespace {

Speed trial(std::size_t threads, double rate, std::vector<double> joules) {
  Speed speed;
  speed.threads = threads;
  speed.rate_samples = {rate};
  speed.joules_samples = std::move(joules);
  return speed;
}

TEST(Cheapest, HasTheLeastJoulesWhateverItsSpeed) {
  const std::vector<Speed> trials = {trial(1, 10.0, {1.0}), trial(2, 19.0, {1.1}),
                                     trial(4, 20.0, {2.0})};
  EXPECT_EQ(cheapest(trials).threads, 1U);
}

TEST(Cheapest, IsTheFastestOfThoseWhoseJoulesAreAlike) {
  const std::vector<Speed> trials = {trial(1, 10.0, {1.0}), trial(2, 19.0, {1.02}),
                                     trial(4, 20.0, {1.04})};
  EXPECT_EQ(cheapest(trials).threads, 2U);
}

TEST(Cheapest, JudgesByTheMedianOfTheRepeats) {
  const std::vector<Speed> trials = {trial(1, 10.0, {9.0, 1.0, 1.0}),
                                     trial(2, 19.0, {0.1, 2.0, 2.0})};
  EXPECT_EQ(cheapest(trials).threads, 1U);
}

TEST(Cheapest, IsTheFastestWhereTheMeterCannotRead) {
  const std::vector<Speed> trials = {trial(1, 10.0, {1.0}), trial(2, 19.0, {}),
                                     trial(4, 12.0, {0.5})};
  EXPECT_EQ(cheapest(trials).threads, 2U);
}

class ChooseThreadsTest : public testing::Test {
 protected:
  ChooseThreadsTest() : model_(model::load(test::write_tiny_model(folder_ / "m.gguf", {}))) {
    options_ = {.counts = {1, 2}, .prompt_tokens = 4, .output_tokens = 2, .repeats = 2};
  }
  static meter::Reading reading(double joules) {
    meter::Reading reading;
    reading.quality = meter::Quality::kMeasured;
    reading.energy = Joules(joules);
    return reading;
  }
  test::TempFolder folder_;
  model::Model model_;
  ThreadChoiceOptions options_;
};

// Three repeats (the first is cold) of: reading by 1, by 2, writing by 1, by 2.
TEST_F(ChooseThreadsTest, ReadingAndWritingMayTakeDifferentCounts) {
  std::vector<std::vector<meter::Reading>> answers;
  for (const double joules : {8.0, 4.0, 2.0, 6.0}) {
    for (int repeat = 0; repeat < 3; ++repeat) answers.push_back({reading(joules)});
  }
  meter::FakeMeter meter(std::move(answers));
  const ThreadChoice choice = choose_threads(model_, options_, meter);
  EXPECT_EQ(choice.prompt, 2U);
  EXPECT_EQ(choice.output, 1U);
  EXPECT_TRUE(choice.by_joules);
  ASSERT_EQ(choice.trials.size(), 4U);
  EXPECT_EQ(choice.trials[0].phase, Phase::kPrefill);
  EXPECT_EQ(choice.trials[3].phase, Phase::kDecode);
  EXPECT_EQ(choice.trials[3].threads, 2U);
}

TEST_F(ChooseThreadsTest, WithoutJoulesSpeedDecides) {
  meter::FakeMeter meter({{meter::Reading{}}});
  const ThreadChoice choice = choose_threads(model_, options_, meter);
  EXPECT_FALSE(choice.by_joules);
  EXPECT_GE(choice.prompt, 1U);
}

}  // namespace
}  // namespace frugal::study
