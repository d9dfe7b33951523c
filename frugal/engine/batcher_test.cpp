#include "frugal/engine/batcher.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::engine {
namespace {

using test::TempFolder;
using test::write_tiny_model;

/// A model in a file of its own, and what a request gets from it alone.
class BatcherTest : public testing::Test {
 protected:
  std::vector<TokenId> alone(const std::vector<TokenId>& prompt, std::size_t max_tokens,
                             const SamplerOptions& sampler, KvType kv = KvType::kF16) {
    Engine engine(model_, {.threads = 1});
    KvCache cache(model_.config, prompt.size() + max_tokens, kv);
    Sampler draw(sampler);
    for (const TokenId token : prompt) draw.observe(token);
    std::vector<TokenId> answer = {draw.next(engine.forward(cache, prompt, Logits::kLast))};
    while (answer.size() < max_tokens) {
      answer.push_back(
          draw.next(engine.forward(cache, std::span(&answer.back(), 1), Logits::kLast)));
    }
    return answer;
  }

  /// Submits a request whose tokens end up in `into`.
  RequestId submit(Batcher& batcher, const std::vector<TokenId>& prompt, std::size_t max_tokens,
                   std::vector<TokenId>& into, std::unique_ptr<Proposer> proposer = nullptr,
                   const SamplerOptions& sampler = greedy()) {
    Request request;
    request.prompt = prompt;
    request.max_tokens = max_tokens;
    request.ignore_end = true;
    request.sampler = sampler;
    request.on_token = [&into](TokenId token) { into.push_back(token); };
    request.proposer = std::move(proposer);
    request.on_done = [this](const Ending& ending) { done_.push_back(ending); };
    return batcher.submit(std::move(request));
  }

  /// What all requests that `submit` made were told to be theirs, but layers.
  [[nodiscard]] Work told() const {
    Work sum;
    for (const Ending& ending : done_) sum += ending.work;
    return sum;
  }

  static SamplerOptions greedy() { return {.temperature = 0.0F}; }

  static std::vector<TokenId> prompt_of(std::size_t length, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<TokenId> prompt = {1};
    while (prompt.size() < length) prompt.push_back(static_cast<TokenId>(3 + (random() % 300)));
    return prompt;
  }

  std::vector<Ending> done_;
  TempFolder folder_;
  model::Model model_ = model::load(write_tiny_model(folder_ / "m.gguf", {.context = 4096}));
  Engine engine_{model_, {.threads = 1}};
};

TEST_F(BatcherTest, OneRequestGetsWhatTheEngineGivesTokenByToken) {
  Batcher batcher(engine_, {.kv_positions = 256});
  std::vector<TokenId> got;
  submit(batcher, prompt_of(40, 1), 20, got);
  batcher.run();
  EXPECT_EQ(got, alone(prompt_of(40, 1), 20, greedy()));
  EXPECT_FALSE(batcher.step());
}

TEST_F(BatcherTest, RequestsThatShareTheirPassesGetWhatTheyGetAlone) {
  Batcher batcher(engine_, {.kv_positions = 4096, .pass_tokens = 48});
  std::map<std::uint32_t, std::vector<TokenId>> got;
  for (std::uint32_t i = 0; i < 12; ++i)
    submit(batcher, prompt_of(5 + (13 * i), i), 10 + i, got[i]);
  batcher.run();
  for (std::uint32_t i = 0; i < 12; ++i) {
    EXPECT_EQ(got[i], alone(prompt_of(5 + (13 * i), i), 10 + i, greedy())) << i;
  }
  EXPECT_GT(batcher.counts().passes, 10U);
  EXPECT_EQ(batcher.counts().preemptions, 0U);
}

TEST_F(BatcherTest, SampledRequestsKeepTheirOwnRandomNumbers) {
  Batcher batcher(engine_, {.kv_positions = 1024});
  std::map<std::uint64_t, std::vector<TokenId>> got;
  for (std::uint64_t seed = 1; seed < 5; ++seed) {
    submit(batcher, prompt_of(20, 7), 15, got[seed], nullptr, {.temperature = 1.0F, .seed = seed});
  }
  batcher.run();
  for (std::uint64_t seed = 1; seed < 5; ++seed) {
    EXPECT_EQ(got[seed], alone(prompt_of(20, 7), 15, {.temperature = 1.0F, .seed = seed}));
  }
}

TEST_F(BatcherTest, ASharedPrefixIsComputedOnceAlsoAmongRunningRequests) {
  const std::vector<TokenId> shared = prompt_of(100, 3);
  Batcher batcher(engine_, {.kv_positions = 2048});
  std::map<std::uint32_t, std::vector<TokenId>> got;
  std::map<std::uint32_t, std::vector<TokenId>> prompts;
  const Work before = engine_.work();
  for (std::uint32_t i = 0; i < 6; ++i) {
    prompts[i] = shared;
    for (const TokenId token : prompt_of(5, 50 + i)) prompts[i].push_back(token);
    submit(batcher, prompts[i], 8, got[i]);
  }
  batcher.run();
  for (std::uint32_t i = 0; i < 6; ++i) EXPECT_EQ(got[i], alone(prompts[i], 8, greedy())) << i;
  const PhaseWork work = engine_.work().since(before)[Phase::kPrefill];
  // Three whole pages of the 100 tokens are found by the five that come after.
  EXPECT_EQ(work.cached_tokens, 5U * 96);
  EXPECT_EQ(work.prompt_tokens, 105U + (5U * (105 - 96)));
}

TEST_F(BatcherTest, ASecondTurnFindsPromptAndAnswerOfTheFirst) {
  Batcher batcher(engine_, {.kv_positions = 1024});
  std::vector<TokenId> first;
  std::vector<TokenId> second;
  std::vector<TokenId> talk = prompt_of(40, 4);
  submit(batcher, talk, 40, first);
  batcher.run();
  talk.insert(talk.end(), first.begin(), first.end());
  talk.push_back(9);
  submit(batcher, talk, 5, second);
  const Work before = engine_.work();
  batcher.run();
  EXPECT_EQ(second, alone(talk, 5, greedy()));
  EXPECT_EQ(engine_.work().since(before)[Phase::kPrefill].cached_tokens, 64U);
}

TEST_F(BatcherTest, APoolTooSmallForAllPutsBackTheYoungestAndLosesNothing) {
  // Four requests of up to 96 positions in seven pages of 32.
  Batcher batcher(engine_, {.kv_positions = 224, .share_prefixes = false});
  std::map<std::uint32_t, std::vector<TokenId>> got;
  for (std::uint32_t i = 0; i < 4; ++i) submit(batcher, prompt_of(30, i), 60, got[i]);
  batcher.run();
  EXPECT_GT(batcher.counts().preemptions, 0U);
  EXPECT_GT(batcher.counts().recomputed_tokens, 0U);
  for (std::uint32_t i = 0; i < 4; ++i)
    EXPECT_EQ(got[i], alone(prompt_of(30, i), 60, greedy())) << i;
  EXPECT_EQ(batcher.pool().free_pages(), batcher.pool().pages());
}

/// Guesses right, wrong, or something in between.
class Oracle final : public Proposer {
 public:
  Oracle(std::vector<TokenId> answer, std::size_t prompt, std::uint32_t wrong_every)
      : answer_(std::move(answer)), prompt_(prompt), wrong_every_(wrong_every) {}
  std::vector<TokenId> propose(std::span<const TokenId> sequence, std::size_t count) override {
    std::vector<TokenId> guesses;
    for (std::size_t i = sequence.size() - prompt_; i < answer_.size() && guesses.size() < count;
         ++i) {
      guesses.push_back(++asked_ % wrong_every_ == 0 ? 5 : answer_[i]);
    }
    return guesses;
  }

 private:
  std::vector<TokenId> answer_;
  std::size_t prompt_;
  std::uint32_t wrong_every_;
  std::uint32_t asked_ = 0;
};

void expect_same_work(const Work& told, const Work& whole) {
  for (const Phase phase : kAllPhases) {
    const PhaseWork& a = told[phase];
    const PhaseWork& b = whole[phase];
    EXPECT_EQ(a.cost, b.cost) << phase_name(phase);
    EXPECT_EQ(a.prompt_tokens, b.prompt_tokens);
    EXPECT_EQ(a.cached_tokens, b.cached_tokens);
    EXPECT_EQ(a.output_tokens, b.output_tokens);
    EXPECT_EQ(a.rejected_tokens, b.rejected_tokens);
    EXPECT_EQ(a.recomputed_tokens, b.recomputed_tokens);
    EXPECT_NEAR(a.time.value(), b.time.value(), 1e-9 * b.time.value());
    EXPECT_NEAR(a.rejected_time.value(), b.rejected_time.value(), 1e-9);
    EXPECT_NEAR(a.recomputed_time.value(), b.recomputed_time.value(), 1e-9);
    EXPECT_LE(a.rejected_time + a.recomputed_time, a.time);
  }
}

TEST_F(BatcherTest, TheWorkOfAllRequestsIsTheEngines) {
  // A pool too small, so that some is computed again; guesses, most of them wrong.
  Batcher batcher(engine_, {.kv_positions = 224});
  std::map<std::uint32_t, std::vector<TokenId>> got;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto prompt = prompt_of(30, i);
    submit(batcher, prompt, 60, got[i],
           i == 2 ? std::make_unique<Oracle>(alone(prompt, 60, greedy()), 30, 2) : nullptr);
  }
  batcher.run();
  const Work all = engine_.work();
  EXPECT_GT(all.total().recomputed_time, Seconds(0.0));
  EXPECT_GT(all.total().rejected_time, Seconds(0.0));
  expect_same_work(told(), all);
  ASSERT_EQ(all.layers().size(), model_.layers.size());
  Seconds in_layers;
  for (const Seconds time : all.layers()) {
    EXPECT_GT(time, Seconds(0.0));
    in_layers += time;
  }
  EXPECT_LT(in_layers, all.total().time);
}

TEST_F(BatcherTest, RequestsOfOnePassShareItByTheirTokens) {
  Batcher batcher(engine_, {.kv_positions = 1024});
  std::vector<TokenId> few;
  std::vector<TokenId> many;
  submit(batcher, prompt_of(20, 1), 1, few);
  submit(batcher, prompt_of(60, 2), 1, many);
  batcher.run();
  EXPECT_EQ(batcher.counts().passes, 1U);
  ASSERT_EQ(done_.size(), 2U);
  const PhaseWork a = done_[0].work[Phase::kPrefill];
  const PhaseWork b = done_[1].work[Phase::kPrefill];
  EXPECT_NEAR(b.time / a.time, 3.0, 1e-9);
  EXPECT_EQ(b.prompt_tokens, 3 * a.prompt_tokens);
  // What rows share goes by rows; attention, which is a request's own, grows faster.
  EXPECT_GT(b.cost.op(Op::kFloat), 3 * a.cost.op(Op::kFloat));
}

TEST_F(BatcherTest, ARequestLongerThanThePoolEndsWithTheContext) {
  Batcher batcher(engine_, {.kv_positions = 64});
  std::vector<TokenId> got;
  StopReason reason = StopReason::kCancelled;
  Request request;
  request.prompt = prompt_of(50, 1);
  request.max_tokens = 100;
  request.ignore_end = true;
  request.sampler = greedy();
  request.on_token = [&](TokenId token) { got.push_back(token); };
  request.on_done = [&](const Ending& ending) { reason = ending.reason; };
  batcher.submit(std::move(request));
  batcher.run();
  EXPECT_EQ(reason, StopReason::kContextFull);
  EXPECT_EQ(got.size(), 15U);  // 64 positions hold 14 of them; the last needs none
}

TEST_F(BatcherTest, ARequestEndsAtItsOwnContextWhateverThePoolHolds) {
  Batcher batcher(engine_, {.kv_positions = 256});
  std::map<std::size_t, std::vector<TokenId>> got;
  std::map<std::size_t, StopReason> reasons;
  for (const std::size_t context : {40U, 33U, 30U}) {
    Request request;
    request.prompt = prompt_of(30, 1);
    request.max_tokens = 100;
    request.context = context;
    request.ignore_end = true;
    request.sampler = greedy();
    request.on_token = [&got, context](TokenId token) { got[context].push_back(token); };
    request.on_done = [&reasons, context](const Ending& ending) {
      reasons[context] = ending.reason;
    };
    batcher.submit(std::move(request));
  }
  batcher.run();
  for (const std::size_t context : {40U, 33U, 30U}) {
    EXPECT_EQ(reasons[context], StopReason::kContextFull);
    EXPECT_EQ(got[context], alone(prompt_of(30, 1), context - 30 + 1, greedy()));
  }
}

TEST_F(BatcherTest, LearnedPositionsBoundTheirRequestsAndLeaveOthersInPeace) {
  model_ = model::load(write_tiny_model(folder_ / "gpt2.gguf",
                                        {.architecture = "gpt2", .kv_heads = 4, .context = 50}));
  Engine engine(model_, {.threads = 1});
  Batcher batcher(engine, {.kv_positions = 512});
  std::vector<TokenId> full;
  std::vector<TokenId> other;
  std::vector<TokenId> none;
  submit(batcher, prompt_of(45, 1), 100, full);
  submit(batcher, prompt_of(10, 2), 20, other);
  EXPECT_THROW(submit(batcher, prompt_of(51, 1), 1, none), Error);
  batcher.run();
  EXPECT_EQ(full, alone(prompt_of(45, 1), 6, greedy()));
  EXPECT_EQ(other, alone(prompt_of(10, 2), 20, greedy()));
}

// What a page holds depends on the rotation, and that on the context.
TEST_F(BatcherTest, RequestsOfShortAndLongContextShareNoPages) {
  model::Rotation& rotation = model_.rotations.front();
  rotation.extended = rotation.usual;
  for (double& frequency : rotation.extended.frequencies) frequency /= 2.0;
  rotation.usual_context = 64;
  Batcher batcher(engine_, {.kv_positions = 512});
  const auto prompt = prompt_of(40, 1);
  std::vector<TokenId> brief;
  std::vector<TokenId> lengthy;
  submit(batcher, prompt, 30, lengthy);
  Request request;
  request.prompt = prompt;
  request.max_tokens = 20;
  request.context = 64;
  request.ignore_end = true;
  request.sampler = greedy();
  request.on_token = [&](TokenId token) { brief.push_back(token); };
  batcher.submit(std::move(request));
  batcher.run();
  EXPECT_EQ(engine_.work()[Phase::kPrefill].cached_tokens, 0U);
  EXPECT_EQ(lengthy, alone(prompt, 30, greedy()));  // 70 positions
  EXPECT_EQ(brief, alone(prompt, 20, greedy()));    // 60
  EXPECT_NE(brief, std::vector<TokenId>(lengthy.begin(), lengthy.begin() + 20));
}

TEST_F(BatcherTest, RefusesWhatCouldNeverRun) {
  Batcher batcher(engine_, {.kv_positions = 64});
  std::vector<TokenId> none;
  EXPECT_THROW(submit(batcher, {}, 5, none), Error);
  EXPECT_THROW(submit(batcher, {1, 99999}, 5, none), Error);
  EXPECT_THROW(submit(batcher, prompt_of(65, 1), 5, none), Error);
  EXPECT_THROW(submit(batcher, {1}, 5, none, nullptr, {.temperature = -1.0F}), Error);
  EXPECT_THROW(Batcher(engine_, {.max_running = 0}), Error);
  EXPECT_FALSE(batcher.step());
}

TEST_F(BatcherTest, ACancelledRequestStopsAndTheOthersGoOn) {
  Batcher batcher(engine_, {.kv_positions = 512});
  std::vector<TokenId> stopped;
  std::vector<TokenId> other;
  const RequestId id = submit(batcher, prompt_of(10, 1), 50, stopped);
  submit(batcher, prompt_of(10, 2), 20, other);
  for (int i = 0; i < 5; ++i) batcher.step();
  batcher.cancel(id);
  batcher.cancel(12345);
  batcher.run();
  EXPECT_LT(stopped.size(), 10U);
  EXPECT_EQ(other, alone(prompt_of(10, 2), 20, greedy()));
}

TEST_F(BatcherTest, AnOwnerThatThrowsLosesOnlyItsOwnRequest) {
  Batcher batcher(engine_, {.kv_positions = 512});
  std::vector<TokenId> other;
  Request request;
  request.prompt = prompt_of(10, 1);
  request.on_token = [](TokenId) { throw std::runtime_error("the client has gone"); };
  batcher.submit(std::move(request));
  submit(batcher, prompt_of(10, 2), 20, other);
  EXPECT_THROW(batcher.run(), std::runtime_error);
  batcher.run();
  EXPECT_EQ(other, alone(prompt_of(10, 2), 20, greedy()));
}

TEST_F(BatcherTest, ALongPromptHoldsOthersUpByItsBoundOnly) {
  Batcher batcher(engine_,
                  {.kv_positions = 4096, .pass_tokens = 256, .prompt_tokens_beside_decode = 16});
  std::vector<TokenId> quick;
  std::vector<TokenId> slow;
  submit(batcher, prompt_of(8, 1), 40, quick);
  batcher.step();
  submit(batcher, prompt_of(1000, 2), 2, slow);
  const Work before = engine_.work();
  const std::size_t had = quick.size();
  for (int i = 0; i < 10; ++i) batcher.step();
  EXPECT_EQ(quick.size(), had + 10);
  EXPECT_EQ(engine_.work().since(before)[Phase::kPrefill].prompt_tokens, 160U);
  batcher.run();
  EXPECT_EQ(slow, alone(prompt_of(1000, 2), 2, greedy()));
}

TEST_F(BatcherTest, GuessesChangeNoTokenWhetherRightOrWrong) {
  for (const float temperature : {0.0F, 0.9F}) {
    const SamplerOptions sampler{.temperature = temperature, .seed = 3};
    const auto prompt = prompt_of(20, 5);
    const auto want = alone(prompt, 60, sampler);
    for (const std::uint32_t wrong_every : {1U, 3U, 1000U}) {
      Batcher batcher(engine_, {.kv_positions = 512});
      std::vector<TokenId> got;
      const Work before = engine_.work();
      submit(batcher, prompt, 60, got, std::make_unique<Oracle>(want, 20, wrong_every), sampler);
      batcher.run();
      EXPECT_EQ(got, want) << temperature << ' ' << wrong_every;
      const PhaseWork work = engine_.work().since(before)[Phase::kDecode];
      EXPECT_EQ(work.output_tokens, 60U);
      if (wrong_every == 1000) {
        EXPECT_LT(batcher.counts().passes, 50U);
      }
      if (wrong_every == 1) {
        EXPECT_GT(work.rejected_tokens, 0U);
      }
    }
  }
}

// Lengths of 1 to 2,000, cancels, shared prefixes, a pool far too small for all, guesses, and team
// and passes of any size.
TEST_F(BatcherTest, ARandomMixOf200RequestsGetsWhatEachGetsAlone) {
  std::mt19937 random(11);
  Engine engine(model_, {.threads = 2});
  Batcher batcher(engine, {.kv_positions = 2600, .max_running = 9, .pass_tokens = 200});
  struct Expected {
    std::vector<TokenId> prompt;
    std::vector<TokenId> want;
    std::vector<TokenId> got;
    RequestId id = 0;
    bool cancelled = false;
  };
  const std::vector<std::vector<TokenId>> beginnings = {prompt_of(33, 1), prompt_of(150, 2),
                                                        prompt_of(70, 3)};
  std::vector<std::unique_ptr<Expected>> all;
  std::size_t submitted = 0;
  for (int i = 0; i < 200; ++i) {
    auto one = std::make_unique<Expected>();
    const std::size_t length = i % 40 == 0 ? 2000 : 1 + (random() % 60);
    if (random() % 2 == 0) one->prompt = beginnings[random() % beginnings.size()];
    for (const TokenId token : prompt_of(length, static_cast<std::uint32_t>(random())))
      one->prompt.push_back(token);
    const std::size_t max_tokens = 1 + (random() % 24);
    const SamplerOptions sampler{.temperature = random() % 3 == 0 ? 0.8F : 0.0F, .seed = random()};
    one->want = alone(one->prompt, max_tokens, sampler);
    std::unique_ptr<Proposer> proposer;
    if (random() % 3 == 0) proposer = std::make_unique<PromptLookup>();
    one->id = submit(batcher, one->prompt, max_tokens, one->got, std::move(proposer), sampler);
    all.push_back(std::move(one));
    if (random() % 2 == 0) batcher.step();
    if (random() % 12 == 0) {
      Expected& victim = *all[random() % all.size()];
      if (victim.got.size() < victim.want.size()) {
        victim.cancelled = true;
        batcher.cancel(victim.id);
      }
    }
    ++submitted;
  }
  batcher.run();
  EXPECT_EQ(submitted, 200U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Expected& one = *all[i];
    if (one.cancelled) {
      EXPECT_LE(one.got.size(), one.want.size()) << i;
      EXPECT_TRUE(std::equal(one.got.begin(), one.got.end(), one.want.begin())) << i;
    } else {
      EXPECT_EQ(one.got, one.want) << i;
    }
  }
}

}  // namespace
}  // namespace frugal::engine
