#include "frugal/eval/score.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::eval {
namespace {

using test::TempFolder;
using test::tiny_text;
using test::TinyModel;

class ScoreTest : public testing::Test {
 protected:
  model::Model make(const std::string& name, const TinyModel& tiny) {
    return model::load(write_tiny_model(folder_ / name, tiny));
  }
  static ScoreOptions windows_of(std::size_t context) {
    ScoreOptions options;
    options.context = context;
    return options;
  }

 private:
  TempFolder folder_;
};

TEST_F(ScoreTest, NegativeLogLikelihoodIsThatOfTheSoftmax) {
  const std::array logits = {std::log(1.0F), std::log(3.0F), std::log(4.0F)};
  EXPECT_NEAR(negative_log_likelihood(logits, 1), -std::log(3.0 / 8.0), 1e-6);
  const std::array huge = {1000.0F, 0.0F};
  EXPECT_NEAR(negative_log_likelihood(huge, 1), 1000.0, 1e-6);
}

TEST_F(ScoreTest, DivergenceIsZeroForEqualsAndByHandElsewhere) {
  const std::array p = {std::log(0.5F), std::log(0.5F)};
  const std::array q = {std::log(0.9F), std::log(0.1F)};
  EXPECT_EQ(kl_divergence(p, p), 0.0);
  EXPECT_NEAR(kl_divergence(p, q), (0.5 * std::log(0.5 / 0.9)) + (0.5 * std::log(0.5 / 0.1)), 1e-6);
}

// The protocol spelled out: the window's first token is <s>, the second half is scored.
TEST_F(ScoreTest, ScoresTheSecondHalfOfEachWindow) {
  const model::Model model = make("m.gguf", {});
  auto tokens = model.tokenizer->encode(tiny_text(40), {});
  ASSERT_GE(tokens.size(), 32U);
  tokens.resize(35);  // two windows of 16 and a rest that is left out
  engine::Engine engine(model, {});
  const TextScore score = score_text(engine, tokens, windows_of(16));
  EXPECT_EQ(score.tokens, 14U);
  ASSERT_EQ(score.window_nll.size(), 2U);
  double want = 0.0;
  for (std::size_t w = 0; w < 2; ++w) {
    std::vector<TokenId> window(tokens.begin() + static_cast<std::ptrdiff_t>(16 * w),
                                tokens.begin() + static_cast<std::ptrdiff_t>(16 * (w + 1)));
    window[0] = 1;
    engine::KvCache cache(model.config, 16);
    const auto logits = engine.forward(cache, window, engine::Logits::kAll);
    for (std::size_t i = 9; i < 16; ++i) {
      want += negative_log_likelihood(
          logits.subspan((i - 1) * test::kTinyVocabulary, test::kTinyVocabulary), window[i]);
    }
  }
  EXPECT_NEAR(score.nll, want / 14.0, 1e-5);
  EXPECT_NEAR(score.nll, (score.window_nll[0] + score.window_nll[1]) / 2.0, 1e-12);
  EXPECT_NEAR(score.perplexity(), std::exp(score.nll), 1e-9);
}

TEST_F(ScoreTest, AShortTextIsOneWindowScoredFromItsSecondToken) {
  const model::Model model = make("m.gguf", {});
  engine::Engine engine(model, {});
  const std::vector<TokenId> tokens = {5, 6, 7, 8};
  EXPECT_EQ(score_text(engine, tokens, windows_of(512)).tokens, 3U);
}

TEST_F(ScoreTest, AModelAgainstItselfDivergesNowhere) {
  const model::Model model = make("m.gguf", {});
  engine::Engine a(model, {});
  engine::Engine b(model, {.threads = 1});
  const auto tokens = model.tokenizer->encode(tiny_text(200), {});
  const Comparison c = compare(a, b, tokens, windows_of(32));
  EXPECT_EQ(c.kld, 0.0);
  EXPECT_EQ(c.kld_max, 0.0);
  EXPECT_EQ(c.nll_increase.mean, 0.0);
  EXPECT_EQ(c.same_top.value, 1.0);
  EXPECT_LT(c.same_top.low, 1.0) << "finitely many tokens prove no certainty";
}

TEST_F(ScoreTest, CoarserRoundingDivergesMore) {
  const model::Model reference = make("f32.gguf", {});
  const model::Model q8 = make("q8.gguf", {.type = DType::kQ8_0});
  const model::Model q4 = make("q4.gguf", {.type = DType::kQ4_0});
  engine::Engine r(reference, {});
  engine::Engine e8(q8, {});
  engine::Engine e4(q4, {});
  const auto tokens = reference.tokenizer->encode(tiny_text(300), {});
  const Comparison c8 = compare(r, e8, tokens, windows_of(64));
  const Comparison c4 = compare(r, e4, tokens, windows_of(64));
  EXPECT_GT(c8.kld, 0.0);
  EXPECT_GT(c4.kld, 10.0 * c8.kld);
  EXPECT_GE(c4.kld_p99, c4.kld);
  EXPECT_GE(c4.kld_max, c4.kld_p99);
  EXPECT_LE(c4.same_top.value, c8.same_top.value);
  engine::Engine alone(q4, {});
  EXPECT_NEAR(c4.candidate.nll, score_text(alone, tokens, windows_of(64)).nll, 1e-9);
  EXPECT_NEAR(c4.nll_increase.mean, c4.candidate.nll - c4.reference.nll, 1e-9);
}

TEST_F(ScoreTest, RefusesTooLittleTextAndUnlikeVocabularies) {
  const model::Model model = make("m.gguf", {});
  engine::Engine engine(model, {});
  const std::vector<TokenId> one = {5};
  EXPECT_THROW((void)score_text(engine, one, {}), Error);
  const std::vector<TokenId> some(20, 5);
  EXPECT_THROW((void)score_text(engine, some, windows_of(3)), Error);
}

TEST_F(ScoreTest, ACallbackThatThrowsStopsTheWork) {
  const model::Model model = make("m.gguf", {});
  engine::Engine engine(model, {});
  ScoreOptions options = windows_of(16);
  options.progress = [](const ProgressUpdate& update) {
    if (update.done == 1) throw std::runtime_error("stop");
  };
  const std::vector<TokenId> tokens(64, 5);
  EXPECT_THROW((void)score_text(engine, tokens, options), std::runtime_error);
}

}  // namespace
}  // namespace frugal::eval
