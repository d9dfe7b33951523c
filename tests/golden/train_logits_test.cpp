// What `train` computes is what `engine` computes: the same file, the same tokens, the same logits.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "frugal/engine/engine.h"
#include "frugal/model/model.h"
#include "frugal/train/torch/network_for_test.h"
#include "tests/support/tiny_model.h"

namespace frugal {
namespace {

constexpr std::size_t kTokens = 24;

std::vector<text::TokenId> some_tokens() {
  std::vector<text::TokenId> tokens = {1};
  while (tokens.size() < kTokens) {
    tokens.push_back(static_cast<text::TokenId>((tokens.back() * 37 + 11) % 300 + 3));
  }
  return tokens;
}

// Two rows: one whole sequence, and the same behind a shared beginning and beside another document.
train::Batch batch_of(const std::vector<text::TokenId>& tokens) {
  train::Batch batch;
  batch.rows = 2;
  batch.length = 2 * kTokens;
  const std::size_t cells = batch.rows * batch.length;
  batch.tokens.assign(cells, 0);
  batch.targets.assign(cells, train::kNoTarget);
  batch.positions.assign(cells, 0);
  batch.segments.assign(cells, train::kPaddingSegment);
  const auto put = [&](std::size_t cell, std::size_t token, std::int32_t segment) {
    batch.tokens[cell] = tokens[token];
    batch.positions[cell] = static_cast<std::int64_t>(token);
    batch.segments[cell] = segment;
  };
  for (std::size_t i = 0; i < kTokens; ++i) put(i, i, 1);
  const std::size_t shared = 10;
  std::size_t cell = batch.length;
  for (std::size_t i = 0; i < shared; ++i) put(cell++, i, train::kSharedSegment);
  for (std::size_t i = shared; i < shared + 6; ++i) put(cell++, i + 3, 1);  // another document
  for (std::size_t i = shared; i < kTokens; ++i) put(cell++, i, 2);
  return batch;
}

float worst_difference(const float* a, const float* b, std::size_t count) {
  float worst = 0.0F;
  for (std::size_t i = 0; i < count; ++i) {
    worst = std::max(worst, std::abs(a[i] - b[i]) / std::max(1.0F, std::abs(b[i])));
  }
  return worst;
}

class TrainLogits : public testing::TestWithParam<std::string> {};

TEST_P(TrainLogits, AreThoseOfTheEngine) {
  const test::TempFolder folder;
  const auto path =
      test::write_tiny_model(folder / "m.gguf", {.architecture = GetParam(), .rope_freqs = true});
  const auto tokens = some_tokens();
  const train::PlainForward found = train::plain_forward(path, batch_of(tokens));

  const model::Model model = model::load(path);
  engine::Engine engine(model, {});
  if (!model.config.causal) {
    const std::vector<float> pooled = engine.embed(tokens);
    std::vector<float> mean(pooled.size(), 0.0F);
    for (std::size_t t = 0; t < kTokens; ++t) {
      for (std::size_t c = 0; c < mean.size(); ++c) {
        mean[c] += found.hidden.row(t)[c] / static_cast<float>(kTokens);
      }
    }
    EXPECT_LT(worst_difference(mean.data(), pooled.data(), pooled.size()), 1e-3F);
    return;
  }
  engine::KvCache cache(model.config, kTokens, engine::KvType::kF32);
  const engine::Step step{.cache = &cache, .tokens = tokens, .wanted = engine::Logits::kAll};
  const auto expected = engine.forward(std::span(&step, 1));
  const std::size_t vocabulary = expected.cols;
  for (std::size_t t = 0; t < kTokens; ++t) {
    EXPECT_LT(worst_difference(found.logits.row(t), expected.row(t), vocabulary), 1e-3F)
        << "token " << t;
  }
  // The second row's last document comes behind 6 tokens of another.
  const std::size_t second = (2 * kTokens) + 6;
  for (std::size_t t = 10; t < kTokens; ++t) {
    EXPECT_LT(worst_difference(found.logits.row(second + t), expected.row(t), vocabulary), 1e-3F)
        << "packed " << t;
  }
}

TEST_P(TrainLogits, AtAnExitAreThoseOfTheEngineThere) {
  const test::TempFolder folder;
  const bool encoder = GetParam() == "bert";
  if (encoder) return;  // has no exits
  const auto path = test::write_tiny_model(
      folder / "m.gguf", {.architecture = GetParam(), .layers = 3, .exits = {0, 1}});
  const auto tokens = some_tokens();
  const train::PlainForward found = train::plain_forward(path, batch_of(tokens));
  ASSERT_EQ(found.exits.size(), 2U);
  model::Model model = model::load(path);
  // GELU is rounded as GGML does, in the engine alone: at full depth the two differ by as much.
  const bool rounded = model.config.activation != model::Activation::kSiluGated;
  const float most = rounded ? 2e-3F : 1e-4F;
  for (std::size_t exit = 0; exit < 2; ++exit) {
    engine::Engine engine(model, {.exit_confidence = 1e-9F});
    engine::KvCache cache(model.config, kTokens, engine::KvType::kF32);
    const engine::Step step{
        .cache = &cache, .tokens = tokens, .wanted = engine::Logits::kAll, .exits_from = 0};
    const auto expected = engine.forward(std::span(&step, 1));
    for (std::size_t t = 0; t < kTokens; ++t) {
      EXPECT_LT(worst_difference(found.exits[exit].row(t), expected.row(t), expected.cols), most)
          << "exit " << exit << ", token " << t;
    }
    model.layers[0].exit_norm = {};  // so that the next one is the first
  }
}

TEST_P(TrainLogits, SurviveExportAndImport) {
  const test::TempFolder folder;
  const auto path = test::write_tiny_model(folder / "m.gguf", {.architecture = GetParam()});
  train::export_again(path, folder / "again.gguf");
  EXPECT_TRUE(train::same_parameters(path, folder / "again.gguf"));
}

INSTANTIATE_TEST_SUITE_P(EveryArchitecture, TrainLogits,
                         testing::Values("llama", "qwen2", "qwen3", "gemma3", "phi3", "gpt2",
                                         "bert"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace frugal
