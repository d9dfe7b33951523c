#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "frugal/base/error.h"
#include "frugal/engine/batcher.h"
#include "frugal/tensor/codec.h"
#include "tests/support/tiny_model.h"

namespace frugal::engine {
namespace {

using test::TempFolder;
using test::TinyModel;

// What any token reaches, and what none does.
constexpr float kAlways = 1e-9F;
constexpr float kNever = 2.0F;

std::vector<TokenId> ids(std::size_t count, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::vector<TokenId> out;
  while (out.size() < count) out.push_back(static_cast<TokenId>(3 + (random() % 300)));
  return out;
}

class EarlyExit : public testing::Test {
 protected:
  model::Model make(const TinyModel& tiny, const std::string& name = "m.gguf") {
    return model::load(test::write_tiny_model(folder_ / name, tiny));
  }

  /// Logits of each token of `tokens` after a prompt, one pass each.
  static std::vector<std::vector<float>> logits_after(const model::Model& model,
                                                      const std::vector<TokenId>& prompt,
                                                      const std::vector<TokenId>& tokens,
                                                      float confidence) {
    Engine engine(model, {.exit_confidence = confidence});
    KvCache cache(model.config, prompt.size() + tokens.size(), KvType::kF32);
    (void)engine.forward(cache, prompt, Logits::kNone);
    std::vector<std::vector<float>> out;
    for (const TokenId& token : tokens) {
      out.push_back(decode(engine, cache, std::span(&token, 1)));
    }
    return out;
  }
  static std::vector<float> decode(Engine& engine, KvCache& cache,
                                   std::span<const TokenId> tokens) {
    const Step step{&cache, tokens, Logits::kAll, Phase::kDecode, 0};
    const MatrixView<const float> logits = engine.forward(std::span(&step, 1));
    return {logits.data, logits.data + (logits.rows * logits.cols)};
  }

  /// Key and value of one position in one layer of a float32 cache: all heads' keys, then values.
  static std::vector<float> kept(KvCache& cache, const model::Config& config, std::size_t layer,
                                 std::size_t position) {
    constexpr std::size_t kPage = kernels::kPagePositions;
    const std::size_t dim = config.head_dim;
    std::vector<float> keys;
    std::vector<float> values;
    for (std::size_t head = 0; head < config.kv_heads; ++head) {
      const auto* block = reinterpret_cast<const float*>(
          cache.pool().block(cache.pages()[position / kPage], layer, head));
      for (std::size_t i = 0; i < dim; ++i) {
        keys.push_back(block[(i * kPage) + (position % kPage)]);
        values.push_back(block[(dim * kPage) + ((position % kPage) * dim) + i]);
      }
    }
    keys.insert(keys.end(), values.begin(), values.end());
    return keys;
  }

  TempFolder folder_;
};

TEST_F(EarlyExit, NobodyStopsWithoutAConfidenceOrWithOneThatNoneReaches) {
  const model::Model plain = make({.layers = 4}, "plain.gguf");
  const model::Model model = make({.layers = 4, .exits = {0, 2}});
  const auto expected = logits_after(plain, ids(9), ids(6, 2), 0.0F);
  EXPECT_EQ(logits_after(model, ids(9), ids(6, 2), 0.0F), expected);
  EXPECT_EQ(logits_after(model, ids(9), ids(6, 2), kNever), expected);
}

TEST_F(EarlyExit, WhoAlwaysStopsIsTheModelCutThere) {
  for (const char* architecture : {"llama", "qwen3", "gemma3", "phi3", "gpt2"}) {
    TinyModel tiny{.architecture = architecture, .layers = 4, .exits = {1, 2}};
    if (tiny.architecture == "gpt2") tiny.kv_heads = 4;
    const model::Model model = make(tiny);
    const model::Norm norm = model.layers[1].exit_norm;
    TinyModel cut = tiny;
    cut.layers = 2;
    cut.exits = {};
    cut.edit = [&](const std::string& name, std::span<float> values) {
      if (name == "output_norm.weight") std::copy(norm.gain.begin(), norm.gain.end(), &values[0]);
      if (name == "output_norm.bias") std::copy(norm.bias.begin(), norm.bias.end(), &values[0]);
    };
    EXPECT_EQ(logits_after(model, ids(7), ids(5, 2), kAlways),
              logits_after(make(cut, "cut.gguf"), ids(7), ids(5, 2), 0.0F))
        << architecture;
  }
}

TEST_F(EarlyExit, APromptGoesAllTheWay) {
  const model::Model model = make({.layers = 3, .exits = {0}});
  Engine engine(model, {.exit_confidence = kAlways});
  Engine plain(model, {});
  KvCache a(model.config, 32);
  KvCache b(model.config, 32);
  const auto logits = engine.forward(a, ids(12), Logits::kLast);
  const auto expected = plain.forward(b, ids(12), Logits::kLast);
  EXPECT_TRUE(std::equal(logits.begin(), logits.end(), expected.begin(), expected.end()));
  EXPECT_EQ(engine.work().total().layers_skipped, 0U);
}

// Where the layers behind the exit change nothing, what is kept of a token that stopped must be
// what is kept of one that went on, at every position.
TEST_F(EarlyExit, WhatIsKeptOfATokenIsTurnedAndStoredAsOfAnyOther) {
  TinyModel tiny{.architecture = "qwen3", .layers = 4, .exits = {1}};
  tiny.edit = [](const std::string& name, std::span<float> values) {
    const bool deep = name.starts_with("blk.2.") || name.starts_with("blk.3.");
    const bool out = name.ends_with("attn_output.weight") || name.ends_with("ffn_down.weight");
    if (deep && out) std::fill(values.begin(), values.end(), 0.0F);
  };
  const model::Model model = make(tiny);
  Engine stops(model, {.exit_confidence = kAlways});
  Engine plain(model, {});
  KvCache a(model.config, 64, KvType::kF32);
  KvCache b(model.config, 64, KvType::kF32);
  for (auto [engine, cache] : {std::pair(&stops, &a), std::pair(&plain, &b)}) {
    (void)engine->forward(*cache, ids(5), Logits::kNone);
    (void)decode(*engine, *cache, ids(3, 7));  // three at once
    const std::vector<TokenId> next = ids(20, 8);
    for (const TokenId& token : next) (void)decode(*engine, *cache, std::span(&token, 1));
  }
  ASSERT_EQ(stops.work()[Phase::kDecode].layers_skipped, 23U * 2);
  for (std::size_t position = 0; position < a.size(); ++position) {
    for (std::size_t layer = 0; layer < 4; ++layer) {
      EXPECT_EQ(kept(a, model.config, layer, position), kept(b, model.config, layer, position))
          << "layer " << layer << ", position " << position;
    }
  }
}

/// Products and norms as they are written down.
struct Scalar {
  explicit Scalar(const model::Model& m) : model(m) {}
  static std::vector<float> times(const model::Weight& w, const std::vector<float>& x) {
    std::vector<float> y(w.rows);
    std::vector<float> row(w.cols);
    for (std::size_t r = 0; r < w.rows; ++r) {
      decode_row(w.type, w.data + (r * w.row_bytes), row);
      for (std::size_t c = 0; c < w.cols; ++c) y[r] += row[c] * x[c];
    }
    return y;
  }
  [[nodiscard]] std::vector<float> normed(const std::vector<float>& x,
                                          const model::Norm& norm) const {
    float squares = 0.0F;
    for (const float v : x) squares += v * v;
    const float scale =
        1.0F / std::sqrt(squares / static_cast<float>(x.size()) + model.config.norm_epsilon);
    std::vector<float> y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * scale * norm.gain[i];
    return y;
  }
  // One token at position 0 attends to itself alone: what it sees is its value.
  void layer(const model::Layer& l, std::vector<float>& x) const {
    const model::Config& c = model.config;
    const std::vector<float> value = times(l.value.weight, normed(x, l.attention_norm));
    std::vector<float> seen(c.heads * c.head_dim);
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const std::size_t kv_head = i / c.head_dim / (c.heads / c.kv_heads);
      seen[i] = value[(kv_head * c.head_dim) + (i % c.head_dim)];
    }
    const auto add = [&x](const std::vector<float>& delta) {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += delta[i];
    };
    add(times(l.attention_output.weight, seen));
    const std::vector<float> h = normed(x, l.mlp_norm);
    std::vector<float> gate = times(l.gate.weight, h);
    const std::vector<float> up = times(l.up.weight, h);
    for (std::size_t i = 0; i < gate.size(); ++i) gate[i] *= up[i] / (1.0F + std::exp(-gate[i]));
    add(times(l.down.weight, gate));
  }
  const model::Model& model;
};

TEST_F(EarlyExit, DeeperLayersKeepKeyAndValueOfTheStateAtTheExit) {
  const model::Model model = make({.layers = 4, .exits = {1}});
  const model::Config& c = model.config;
  Engine engine(model, {.exit_confidence = kAlways});
  KvCache cache(c, 32, KvType::kF32);
  (void)decode(engine, cache, ids(1));
  const Scalar scalar(model);
  std::vector<float> x(c.embedding);
  decode_row(model.token_embedding.type,
             model.token_embedding.data +
                 (static_cast<std::size_t>(ids(1)[0]) * model.token_embedding.row_bytes),
             x);
  for (std::size_t l = 0; l < 4; ++l) {
    const model::Layer& layer = model.layers[l];
    const std::vector<float> h = scalar.normed(x, layer.attention_norm);
    const std::vector<float> key = Scalar::times(layer.key.weight, h);  // turned by an angle of 0
    const std::vector<float> value = Scalar::times(layer.value.weight, h);
    const std::vector<float> found = kept(cache, c, l, 0);
    ASSERT_EQ(found.size(), key.size() + value.size());
    for (std::size_t i = 0; i < key.size(); ++i) {
      EXPECT_NEAR(found[i], key[i], 1e-4F) << l;
      EXPECT_NEAR(found[key.size() + i], value[i], 1e-4F) << l;
    }
    if (l <= 1) scalar.layer(layer, x);
  }
}

TEST_F(EarlyExit, IsCountedExactly) {
  for (const DType type : {DType::kF32, DType::kQ8_0}) {
    const model::Model model =
        make({.architecture = "gemma3", .layers = 5, .type = type, .exits = {0, 2}});
    Engine stops(model, {.threads = 2, .exit_confidence = kAlways});
    Engine goes_on(model, {.exit_confidence = kNever});
    KvCache a(model.config, 64);
    KvCache b(model.config, 64);
    for (auto [engine, cache] : {std::pair(&stops, &a), std::pair(&goes_on, &b)}) {
      (void)engine->forward(*cache, ids(13), Logits::kNone);
      (void)decode(*engine, *cache, ids(1));
    }
    const PhaseWork& early = stops.work()[Phase::kDecode];
    EXPECT_EQ(early.cost, early_exit_cost(model, 13, 0, KvType::kF16));
    EXPECT_EQ(early.layers_skipped, 4U);
    const PhaseWork& late = goes_on.work()[Phase::kDecode];
    EXPECT_EQ(late.cost, forward_cost(model, 1, 13, 1, KvType::kF16) +
                             exit_score_cost(model, model.layers[0].exit_norm, 1) +
                             exit_score_cost(model, model.layers[2].exit_norm, 1));
    EXPECT_EQ(late.layers_skipped, 0U);
    EXPECT_LT(early.cost.traffic(Traffic::kDram), late.cost.traffic(Traffic::kDram));
  }
}

TEST_F(EarlyExit, RefusesAConfidenceThatCannotBe) {
  const model::Model with = make({.exits = {0}});
  const model::Model without = make({}, "without.gguf");
  EXPECT_THROW(Engine(with, {.exit_confidence = -0.1F}), Error);
  EXPECT_THROW(Engine(with, {.exit_confidence = std::numeric_limits<float>::quiet_NaN()}), Error);
  EXPECT_THROW(Engine(without, {.exit_confidence = 0.5F}), Error);
}

/// Requests on a model whose tokens now stop, now go on.
class EarlyExitTogether : public EarlyExit {
 protected:
  static constexpr float kSometimes = 0.06F;
  static constexpr std::size_t kRequests = 8;

  using Answers = std::map<std::uint32_t, std::vector<TokenId>>;
  Answers answers(Engine& engine, const BatcherOptions& options, bool guess = false) const {
    Batcher batcher(engine, options);
    Answers got;
    for (std::uint32_t i = 0; i < kRequests; ++i) {
      Request request;
      request.prompt = ids(5 + (9 * i), i);
      request.max_tokens = 24 + i;
      request.ignore_end = true;
      request.sampler = {.temperature = 0.0F};
      request.on_token = [&got, i](TokenId token) { got[i].push_back(token); };
      if (guess) request.proposer = std::make_unique<PromptLookup>();
      (void)batcher.submit(std::move(request));
    }
    batcher.run();
    preemptions_ = batcher.counts().preemptions;
    return got;
  }
  model::Model model_ = make({.layers = 4, .context = 4096, .exits = {0, 1}}, "together.gguf");
  Engine engine_{model_, {.threads = 2, .exit_confidence = kSometimes}};
  mutable std::uint64_t preemptions_ = 0;
};

TEST_F(EarlyExitTogether, EachGetsWhatItGetsAlone) {
  const Answers alone = answers(engine_, {.kv_positions = 4096, .max_running = 1});
  const Work once = engine_.work();
  const std::uint64_t tokens = 8 * 23 + 28;  // that were computed one by one
  EXPECT_GT(once[Phase::kDecode].layers_skipped, tokens / 4) << "some stop";
  EXPECT_LT(once[Phase::kDecode].layers_skipped, 2 * tokens) << "some go on";
  EXPECT_EQ(once[Phase::kPrefill].layers_skipped, 0U);
  EXPECT_EQ(answers(engine_, {.kv_positions = 4096, .pass_tokens = 48}), alone);
  EXPECT_EQ(engine_.work().since(once)[Phase::kDecode].layers_skipped,
            once[Phase::kDecode].layers_skipped);
  Engine plain(model_, {});
  EXPECT_NE(answers(plain, {.kv_positions = 4096}), alone) << "or nothing was tested";
}

TEST_F(EarlyExitTogether, GuessesAndLackOfPagesChangeNothing) {
  const Answers alone = answers(engine_, {.kv_positions = 4096, .max_running = 1});
  EXPECT_EQ(answers(engine_, {.kv_positions = 4096}, true), alone);
  EXPECT_EQ(answers(engine_, {.kv_positions = 192}), alone);
  EXPECT_GT(preemptions_, 0U) << "or nothing was tested";
}

TEST_F(EarlyExitTogether, AnAnswerIsNotSharedAsAPrompt) {
  const std::vector<TokenId> prompt = ids(40);
  const auto ask = [&](Batcher& batcher, const std::vector<TokenId>& what) {
    std::vector<TokenId> got;
    Request request;
    request.prompt = what;
    request.max_tokens = 40;
    request.ignore_end = true;
    request.sampler = {.temperature = 0.0F};
    request.on_token = [&got](TokenId token) { got.push_back(token); };
    (void)batcher.submit(std::move(request));
    batcher.run();
    return got;
  };
  Batcher batcher(engine_, {});
  std::vector<TokenId> longer = prompt;
  for (const TokenId token : ask(batcher, prompt)) longer.push_back(token);
  const auto after_answer = ask(batcher, longer);
  Batcher fresh(engine_, {});
  EXPECT_EQ(after_answer, ask(fresh, longer));
}

}  // namespace
}  // namespace frugal::engine
