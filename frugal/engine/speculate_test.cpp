#include "frugal/engine/speculate.h"

#include <gtest/gtest.h>

#include "frugal/engine/generate.h"
#include "tests/support/tiny_model.h"

namespace frugal::engine {
namespace {

using Ids = std::vector<TokenId>;

TEST(PromptLookup, ContinuesTheLatestEarlierOccurrenceOfTheLongestEnding) {
  PromptLookup lookup;
  EXPECT_EQ(lookup.propose(Ids{1, 2, 3, 9, 1, 2, 3, 7, 5, 1, 2, 3}, 2), (Ids{7, 5}));
  // "8 2 3" did not occur before, "2 3" did.
  EXPECT_EQ(lookup.propose(Ids{1, 2, 3, 9, 8, 2, 3}, 8), (Ids{9, 8, 2, 3}));
  EXPECT_EQ(lookup.propose(Ids{4, 4, 4, 4}, 3), (Ids{4}));
}

TEST(PromptLookup, HasNoGuessWithoutARepetition) {
  PromptLookup lookup;
  EXPECT_TRUE(lookup.propose(Ids{1, 2, 3, 4, 3}, 4).empty());  // one token is no hint
  EXPECT_TRUE(lookup.propose(Ids{}, 4).empty());
  EXPECT_TRUE(lookup.propose(Ids{1}, 4).empty());
  EXPECT_TRUE(lookup.propose(Ids{1, 2, 1, 2}, 0).empty());
}

TEST(DraftModel, GuessesTheGreedyContinuationOfItsOwnModelAndKeepsWhatIsCommon) {
  const test::TempFolder folder;
  const model::Model model = model::load(test::write_tiny_model(folder / "m.gguf", {}));
  Engine engine(model, {});
  DraftModel draft(engine, 128);
  Ids sequence = {1, 30, 40, 50, 60, 70, 80};
  Engine reference(model, {});
  const auto want =
      generate(reference, sequence,
               {.max_tokens = 6, .ignore_end = true, .sampler = {.temperature = 0.0F}})
          .tokens;
  EXPECT_EQ(draft.propose(sequence, 6), want);
  sequence.push_back(want[0]);
  sequence.push_back(want[1]);
  const Work before = engine.work();
  EXPECT_EQ(draft.propose(sequence, 2), (Ids{want[2], want[3]}));
  // Only the last token and one guess are computed: the rest is still in its cache.
  EXPECT_EQ(engine.work().since(before)[Phase::kDecode].cost.op(Op::kSpecial) > 0, true);
  Ids other = {1, 30, 99};
  EXPECT_EQ(draft.propose(other, 4),
            generate(reference, other,
                     {.max_tokens = 4, .ignore_end = true, .sampler = {.temperature = 0.0F}})
                .tokens);
}

TEST(DraftModel, StopsGuessingAtTheEndOfItsContext) {
  const test::TempFolder folder;
  const model::Model model = model::load(test::write_tiny_model(folder / "m.gguf", {}));
  Engine engine(model, {});
  DraftModel draft(engine, 8);
  EXPECT_EQ(draft.propose(Ids{1, 5, 6, 7, 8, 9}, 8).size(), 3U);
  EXPECT_TRUE(draft.propose(Ids{1, 5, 6, 7, 8, 9, 10, 11, 12}, 8).empty());
}

TEST(SpeculationGuard, LearnsWhatAPlainPassTakesFirst) {
  SpeculationGuard guard;
  EXPECT_EQ(guard.width(), 0U);
  guard.record(0, 0, Seconds(0.01));
  EXPECT_GT(guard.width(), 0U);
}

TEST(SpeculationGuard, WidensWhileAllGuessesHoldAndPausesWhenTheyDoNotPay) {
  SpeculationGuard guard;
  guard.record(0, 0, Seconds(0.010));
  const std::size_t first = guard.width();
  for (int i = 0; i < 10; ++i) guard.record(guard.width(), guard.width(), Seconds(0.012));
  EXPECT_GT(guard.width(), first);
  // Nothing accepted, and each pass takes longer than a plain one.
  int passes = 0;
  while (guard.width() > 0 && ++passes < 50) guard.record(guard.width(), 0, Seconds(0.013));
  EXPECT_EQ(guard.width(), 0U);
  EXPECT_LT(passes, 50);
  int pause = 0;
  while (guard.width() == 0 && ++pause < 1000) guard.record(0, 0, Seconds(0.010));
  EXPECT_GT(guard.width(), 0U);
  for (int i = 0; i < 4; ++i) guard.record(guard.width(), 0, Seconds(0.013));
  int second = 0;
  while (guard.width() == 0 && ++second < 1000) guard.record(0, 0, Seconds(0.010));
  EXPECT_EQ(second, 2 * pause);
}

}  // namespace
}  // namespace frugal::engine
