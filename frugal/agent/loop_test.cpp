#include "frugal/agent/loop.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::agent {
namespace {

using test::TempFolder;
using test::TinyModel;
using test::write_tiny_model;
using text::TokenId;

constexpr TokenId kEnd = 2;                             // </s>
constexpr TokenId kLineBreak = 3 + 10;                  // the byte "\n", the last of every prompt
constexpr TokenId kSpoken = test::kTinyVocabulary - 1;  // a token whose text the test chooses

/// A model that says one token and then another, whatever it reads: after a line break comes
/// `first`, after the spoken token comes `second`.  Its layers add nothing, a token's embedding is
/// an axis of its own, and the output matrix looks the axis of the last token up.
TinyModel scripted(std::string spoken, TokenId first, TokenId second, std::size_t context) {
  TinyModel model;
  model.context = context;
  const std::size_t width = model.embedding;
  model.edit = [=](const std::string& name, std::span<float> values) {
    const auto at = [&](TokenId row, std::size_t axis) -> float& {
      return values[(static_cast<std::size_t>(row) * width) + axis];
    };
    if (name.ends_with("attn_output.weight") || name.ends_with("ffn_down.weight")) {
      std::fill(values.begin(), values.end(), 0.0F);
    }
    if (name == "token_embd.weight") {
      std::fill(values.begin(), values.end(), 0.0F);
      for (TokenId token = 0; token < static_cast<TokenId>(test::kTinyVocabulary); ++token) {
        at(token, token == kLineBreak ? 1 : token == kSpoken ? 2 : 0) = 1.0F;
      }
    }
    if (name == "output.weight") {
      std::fill(values.begin(), values.end(), 0.0F);
      at(first, 1) = 1.0F;
      at(second, 2) = 1.0F;
    }
  };
  model.edit_metadata = [spoken = std::move(spoken)](format::Metadata& metadata) {
    const auto* tokens = metadata.find("tokenizer.ggml.tokens");
    auto array = std::get<format::MetaArray>(*tokens);
    array.values.back() = spoken;
    metadata.set("tokenizer.ggml.tokens", array);
  };
  return model;
}

class LoopTest : public testing::Test {
 protected:
  LoopResult run(const TinyModel& tiny, LoopOptions options) {
    const model::Model model = model::load(write_tiny_model(folder_ / "m.gguf", tiny));
    engine::Engine engine(model, {.threads = 1});
    options.sampler.temperature = 0.0F;
    return run_tasks(engine, tasks_, options);
  }

  TempFolder folder_;
  std::vector<Task> tasks_ = make_tasks(Split::kTest, 1, 3);
};

TEST_F(LoopTest, AMessageWithoutCallsIsTheAnswer) {
  const LoopResult result = run(scripted("I cannot.", kSpoken, kEnd, 8192), {.trials = 2});
  ASSERT_EQ(result.outcomes.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const Outcome& outcome = result.outcomes[i];
    EXPECT_EQ(outcome.task, i / 2);
    EXPECT_EQ(outcome.trial, i % 2);
    EXPECT_EQ(outcome.status, Status::kAnswered);
    EXPECT_EQ(outcome.transcript.size(), 3U);
    EXPECT_EQ(outcome.transcript.back(), (text::ChatMessage{"assistant", "I cannot."}));
    EXPECT_EQ(outcome.output_tokens, 1U);
    EXPECT_EQ(outcome.steps, 1U);
  }
  EXPECT_EQ(result.work[Phase::kDecode].output_tokens, 6U);
}

TEST_F(LoopTest, WhoOnlyCallsToolsComesToTheStepLimit) {
  const ToolCall call{"get_order", {{"order", "W1"}}};
  const LoopResult result =
      run(scripted(call_text(call), kSpoken, kEnd, 16384), {.max_steps = 3, .kv_positions = 65536});
  for (const Outcome& outcome : result.outcomes) {
    EXPECT_EQ(outcome.status, Status::kStepLimit);
    EXPECT_EQ(outcome.calls, (std::vector<ToolCall>{call, call, call}));
    EXPECT_EQ(outcome.output_tokens, 3U);
  }
  EXPECT_GT(result.work[Phase::kTool].time.value(), 0.0);
}

TEST_F(LoopTest, AMessageThatDoesNotEndIsMalformed) {
  const LoopResult result =
      run(scripted("Hm", kSpoken, kSpoken, 8192), {.max_tokens = 7, .concurrency = 2});
  for (const Outcome& outcome : result.outcomes) {
    EXPECT_EQ(outcome.status, Status::kMalformed);
    EXPECT_EQ(outcome.transcript.back().content, "HmHmHmHmHmHmHm");
    EXPECT_FALSE(outcome.success);
  }
}

TEST_F(LoopTest, AConversationBeyondTheContextEndsAsSuch) {
  const LoopResult short_prompt = run(scripted("Hm", kSpoken, kEnd, 100), {});
  for (const Outcome& outcome : short_prompt.outcomes) {
    EXPECT_EQ(outcome.status, Status::kContextFull);
    EXPECT_EQ(outcome.steps, 0U);
  }
  const std::string call = call_text({"get_order", {{"order", "W1"}}});
  const LoopResult later = run(scripted(call, kSpoken, kEnd, 2400), {.max_steps = 100});
  for (const Outcome& outcome : later.outcomes) {
    EXPECT_EQ(outcome.status, Status::kContextFull);
    EXPECT_GT(outcome.steps, 0U);
  }
}

TEST_F(LoopTest, AgentsThatShareDoAsAgentsAlone) {
  TinyModel tiny;
  tiny.context = 4096;  // a random model: nonsense, but always the same
  const LoopOptions options{.trials = 2, .max_steps = 2, .max_tokens = 12, .kv_positions = 32768};
  LoopOptions alone = options;
  alone.concurrency = 1;
  alone.share_prefixes = false;
  const LoopResult a = run(tiny, options);
  const LoopResult b = run(tiny, alone);
  for (std::size_t i = 0; i < a.outcomes.size(); ++i) {
    EXPECT_EQ(a.outcomes[i].transcript, b.outcomes[i].transcript);
    EXPECT_EQ(a.outcomes[i].status, b.outcomes[i].status);
  }
  EXPECT_GT(a.work[Phase::kPrefill].cached_tokens, 0U);
  EXPECT_EQ(b.work[Phase::kPrefill].cached_tokens, 0U);
  EXPECT_LT(a.work[Phase::kPrefill].prompt_tokens, b.work[Phase::kPrefill].prompt_tokens);
}

TEST_F(LoopTest, TellsHowFarItIsAndStopsWhenToldSo) {
  std::uint64_t last = 0;
  LoopOptions options{.progress = [&](const ProgressUpdate& update) { last = update.done; }};
  (void)run(scripted("Hm", kSpoken, kEnd, 8192), options);
  EXPECT_EQ(last, 3U);
  options.progress = [](const ProgressUpdate& /*update*/) {
    throw Error(ErrorKind::kIo, "stopped");
  };
  EXPECT_THROW((void)run(scripted("Hm", kSpoken, kEnd, 8192), options), Error);
}

TEST_F(LoopTest, RefusesLimitsOfNothing) {
  for (const LoopOptions& options :
       {LoopOptions{.trials = 0}, LoopOptions{.max_steps = 0}, LoopOptions{.max_tokens = 0},
        LoopOptions{.concurrency = 0}, LoopOptions{.kv_positions = 0}}) {
    EXPECT_THROW((void)run({}, options), Error);
  }
}

}  // namespace
}  // namespace frugal::agent
