#include "frugal/engine/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "frugal/base/error.h"
#include "frugal/engine/generate.h"
#include "tests/support/tiny_model.h"

namespace frugal::engine {
namespace {

using test::TempFolder;
using test::TinyModel;

constexpr DType kTypes[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8_0, DType::kQ4_0};

class EngineTest : public testing::Test {
 protected:
  model::Model make(TinyModel tiny) {
    return model::load(write_tiny_model(folder_ / str_name(), tiny));
  }
  static std::vector<TokenId> ids(std::size_t count) {
    std::vector<TokenId> tokens;
    for (std::size_t i = 0; i < count; ++i) {
      tokens.push_back(static_cast<TokenId>((i * 37 + 5) % test::kTinyVocabulary));
    }
    return tokens;
  }

 private:
  std::string str_name() { return "m" + std::to_string(count_++) + ".gguf"; }
  TempFolder folder_;
  int count_ = 0;
};

std::vector<float> all_logits(const model::Model& model, const std::vector<TokenId>& tokens,
                              const EngineOptions& options, KvType kv = KvType::kF32) {
  Engine engine(model, options);
  KvCache cache(model.config, tokens.size(), kv);
  const auto logits = engine.forward(cache, tokens, Logits::kAll);
  return {logits.begin(), logits.end()};
}

void expect_close(std::span<const float> got, std::span<const float> want, float tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], want[i], tolerance * std::max(1.0F, std::abs(want[i]))) << i;
  }
}

TEST_F(EngineTest, PromptsMayBeReadByAnotherNumberOfThreads) {
  const model::Model model = make({});
  const auto tokens = ids(9);
  const auto logits_of = [&](const EngineOptions& options) {
    Engine engine(model, options);
    KvCache cache(model.config, tokens.size(), KvType::kF32);
    (void)engine.forward(cache, std::span(tokens).first(6), Logits::kNone);
    const auto logits =
        engine.forward(cache, std::span(tokens).subspan(6), Logits::kAll, Phase::kDecode);
    return std::vector<float>(logits.begin(), logits.end());
  };
  const auto want = logits_of({.threads = 1});
  EXPECT_EQ(logits_of({.threads = 1, .prompt_threads = 3}), want);
  EXPECT_EQ(logits_of({.threads = 3, .prompt_threads = 1}), want);
  const Engine engine(model, {.threads = 1, .prompt_threads = 3});
  EXPECT_EQ(engine.threads(), 1U);
  EXPECT_EQ(engine.threads(Phase::kPrefill), 3U);
  EXPECT_EQ(Engine(model, {.threads = 2}).threads(Phase::kPrefill), 2U);
}

TEST_F(EngineTest, EveryWeightTypeAgreesBetweenInstructionSetsAndThreadCounts) {
  for (const DType type : kTypes) {
    const model::Model model = make({.type = type});
    const auto tokens = ids(21);
    const auto tables = kernels::runnable_kernels();
    const auto want = all_logits(model, tokens, {.kernels = tables.front()});
    for (const kernels::Kernels* table : tables) {
      for (const std::size_t threads : {1U, 2U, 5U}) {
        expect_close(all_logits(model, tokens, {.threads = threads, .kernels = table}), want,
                     1e-3F);
      }
    }
  }
}

TEST_F(EngineTest, StoredTypesStayNearTheFloatModel) {
  const auto tokens = ids(16);
  const auto want = all_logits(make({}), tokens, {});
  expect_close(all_logits(make({.type = DType::kF16}), tokens, {}), want, 0.02F);
  expect_close(all_logits(make({.type = DType::kBF16}), tokens, {}), want, 0.1F);
  expect_close(all_logits(make({.type = DType::kQ8_0}), tokens, {}), want, 0.15F);
}

TEST_F(EngineTest, OneTokenAtATimeEqualsAllAtOnce) {
  const model::Model model = make({});
  const auto tokens = ids(30);
  const auto want = all_logits(model, tokens, {});
  for (const std::size_t batch : {1U, 7U, 29U}) {
    expect_close(all_logits(model, tokens, {.batch = batch}), want, 1e-4F);
  }
  Engine engine(model, {});
  KvCache cache(model.config, tokens.size(), KvType::kF32);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto logits = engine.forward(cache, std::span(&tokens[i], 1), Logits::kLast);
    expect_close(logits, std::span(want).subspan(i * logits.size(), logits.size()), 1e-4F);
  }
}

// What holds for every decoder, whatever its parts.
TEST_F(EngineTest, EveryArchitectureKeepsThePromisesOfForward) {
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3", "phi3", "gpt2"}) {
    SCOPED_TRACE(architecture);
    const model::Model model =
        make({.architecture = architecture, .layers = 7, .type = DType::kQ8_0});
    const auto tokens = ids(70);
    const auto want = all_logits(model, tokens, {}, KvType::kF16);
    for (const std::size_t batch : {1U, 33U}) {
      EXPECT_EQ(all_logits(model, tokens, {.threads = 3, .batch = batch}, KvType::kF16), want);
    }
    const model::Model exact = make({.architecture = architecture, .layers = 7});
    expect_close(all_logits(exact, tokens, {}),
                 all_logits(exact, tokens, {.kernels = &kernels::choose_kernels("scalar")}), 1e-3F);
    Engine engine(model, {.threads = 2});
    KvCache cache(model.config, 128);
    (void)engine.forward(cache, tokens, Logits::kLast);
    EXPECT_EQ(engine.work()[Phase::kPrefill].cost, forward_cost(model, 70, 0, 1, KvType::kF16));
    (void)engine.forward(cache, ids(1), Logits::kLast, Phase::kDecode);
    EXPECT_EQ(engine.work()[Phase::kDecode].cost, forward_cost(model, 1, 70, 1, KvType::kF16));
  }
}

TEST_F(EngineTest, StepsOfSeveralSequencesGiveTheBitsThatEachGivesAlone) {
  const model::Model model = make({.type = DType::kQ4_0});
  Engine engine(model, {.threads = 2, .batch = 16});
  const auto first = ids(40);
  const std::vector<TokenId> second(first.begin() + 3, first.begin() + 20);
  const auto want_first = all_logits(model, first, {});
  const auto want_second = all_logits(model, second, {});
  KvCache a(model.config, 64, KvType::kF32);
  KvCache b(model.config, 64, KvType::kF32);
  (void)engine.forward(a, std::span(first).first(10), Logits::kNone);
  const std::vector<Step> steps = {{&a, std::span(first).subspan(10), Logits::kAll},
                                   {&b, second, Logits::kLast, Phase::kDecode}};
  const auto logits = engine.forward(steps);
  ASSERT_EQ(logits.rows, 31U);
  EXPECT_TRUE(std::equal(want_first.begin() + static_cast<std::ptrdiff_t>(10 * logits.cols),
                         want_first.end(), logits.data));
  EXPECT_TRUE(std::equal(want_second.end() - static_cast<std::ptrdiff_t>(logits.cols),
                         want_second.end(), logits.row(30)));
}

TEST_F(EngineTest, PhasesOfOnePassShareItsWorkWithoutLosingAny) {
  const model::Model model = make({});
  Engine engine(model, {});
  KvCache a(model.config, 64);
  KvCache b(model.config, 64);
  const auto tokens = ids(20);
  const std::vector<Step> steps = {{&a, tokens, Logits::kLast, Phase::kPrefill},
                                   {&b, std::span(tokens).first(1), Logits::kLast, Phase::kDecode}};
  (void)engine.forward(steps);
  const PhaseWork prefill = engine.work()[Phase::kPrefill];
  const PhaseWork decode = engine.work()[Phase::kDecode];
  EXPECT_EQ(prefill.prompt_tokens, 20U);
  EXPECT_EQ(decode.prompt_tokens, 0U);
  // The weights are read once: together less than apart.
  const std::uint64_t apart = forward_cost(model, 20, 0, 1, KvType::kF16).traffic(Traffic::kDram) +
                              forward_cost(model, 1, 0, 1, KvType::kF16).traffic(Traffic::kDram);
  const std::uint64_t together =
      prefill.cost.traffic(Traffic::kDram) + decode.cost.traffic(Traffic::kDram);
  EXPECT_LT(together, apart);
  EXPECT_GT(together, apart - model.weight_bytes());
  const std::uint64_t operations = forward_cost(model, 20, 0, 1, KvType::kF16).op(Op::kFloat) +
                                   forward_cost(model, 1, 0, 1, KvType::kF16).op(Op::kFloat);
  EXPECT_EQ(prefill.cost.op(Op::kFloat) + decode.cost.op(Op::kFloat), operations);
}

TEST_F(EngineTest, AWindowHidesWhatLiesBeforeIt) {
  // Six of seven gemma3 layers see five positions; a llama sees all.  Here every layer is local.
  const model::Model local = make({.architecture = "gemma3", .layers = 1});
  auto tokens = ids(12);
  const auto before = all_logits(local, tokens, {});
  tokens[6] = 77;  // five positions before the last token begins with 7
  const auto after = all_logits(local, tokens, {});
  const auto vocab = static_cast<std::ptrdiff_t>(local.config.vocab_size);
  EXPECT_TRUE(std::equal(before.end() - vocab, before.end(), after.end() - vocab));
  EXPECT_FALSE(
      std::equal(before.end() - (2 * vocab), before.end() - vocab, after.end() - (2 * vocab)));
}

TEST_F(EngineTest, AnEncoderSeesBothWaysAndPoolsToOneVector) {
  const model::Model model = make({.architecture = "bert", .heads = 4, .kv_heads = 4});
  Engine engine(model, {.threads = 2});
  auto tokens = ids(20);
  const auto first = engine.embed(tokens);
  ASSERT_EQ(first.size(), 64U);
  EXPECT_EQ(engine.work()[Phase::kPrefill].prompt_tokens, 20U);
  tokens.back() = 9;  // every row has seen the last token
  EXPECT_NE(engine.embed(tokens), first);
  KvCache cache(model.config, 32);
  EXPECT_THROW((void)engine.forward(cache, tokens, Logits::kLast), Error);
  EXPECT_THROW((void)engine.embed(ids(257)), Error);  // learned positions end at 256
  EXPECT_THROW((void)engine.classify(tokens), Error);
}

TEST_F(EngineTest, AQ8CacheStaysNearAnF32Cache) {
  const model::Model model = make({.embedding = 128});
  const auto tokens = ids(60);
  expect_close(all_logits(model, tokens, {}, KvType::kQ8_0), all_logits(model, tokens, {}), 0.1F);
}

TEST_F(EngineTest, AnF16CacheStaysNearAnF32Cache) {
  const model::Model model = make({});
  const auto tokens = ids(40);
  expect_close(all_logits(model, tokens, {}, KvType::kF16), all_logits(model, tokens, {}), 0.01F);
}

TEST_F(EngineTest, TruncatingTheCacheForgetsWhatCameAfter) {
  const model::Model model = make({});
  const auto tokens = ids(12);
  Engine engine(model, {});
  KvCache cache(model.config, 64, KvType::kF32);
  const auto first = engine.forward(cache, tokens, Logits::kLast);
  const std::vector<float> want(first.begin(), first.end());
  (void)engine.forward(cache, ids(5), Logits::kNone);
  cache.truncate(11);
  expect_close(engine.forward(cache, std::span(tokens).last(1), Logits::kLast), want, 1e-5F);
}

TEST_F(EngineTest, RopeDivisorsAndTiedOutputsChangeTheResult) {
  const auto tokens = ids(9);
  const auto plain = all_logits(make({}), tokens, {});
  const auto rotated = all_logits(make({.rope_freqs = true}), tokens, {});
  const auto tied = all_logits(make({.tied = true}), tokens, {});
  EXPECT_NE(plain, rotated);
  EXPECT_NE(plain, tied);
}

TEST_F(EngineTest, CountsExactlyTheWorkItsKernelsDescribe) {
  for (const DType type : kTypes) {
    const model::Model model = make({.type = type, .tied = true});
    for (const KvType kv : {KvType::kF32, KvType::kF16}) {
      Engine engine(model, {.threads = 2});
      KvCache cache(model.config, 64, kv);
      (void)engine.forward(cache, ids(13), Logits::kLast);
      EXPECT_EQ(engine.work()[Phase::kPrefill].cost, forward_cost(model, 13, 0, 1, kv));
      EXPECT_EQ(engine.work()[Phase::kPrefill].prompt_tokens, 13U);
      (void)engine.forward(cache, ids(1), Logits::kLast, Phase::kDecode);
      EXPECT_EQ(engine.work()[Phase::kDecode].cost, forward_cost(model, 1, 13, 1, kv));
      EXPECT_GT(engine.work()[Phase::kDecode].time.value(), 0.0);
    }
  }
}

TEST_F(EngineTest, WorkDoesNotDependOnHowManyThreadsShareIt) {
  const model::Model model = make({.type = DType::kQ8_0});
  Engine one(model, {.threads = 1});
  Engine four(model, {.threads = 4});
  KvCache a(model.config, 32);
  KvCache b(model.config, 32);
  (void)one.forward(a, ids(20), Logits::kAll);
  (void)four.forward(b, ids(20), Logits::kAll);
  EXPECT_EQ(one.work()[Phase::kPrefill].cost, four.work()[Phase::kPrefill].cost);
}

TEST_F(EngineTest, MatrixWorkOfAFloatModelIsTwoOperationsPerWeightAndToken) {
  const model::Model model = make({});
  const Cost one = forward_cost(model, 1, 0, 1, KvType::kF32);
  const Cost two = forward_cost(model, 2, 0, 2, KvType::kF32);
  std::uint64_t weights = 0;
  for (const auto& tensor : model.file->tensors()) {
    if (tensor.dims.size() == 2 && tensor.name != "token_embd.weight") {
      weights += tensor.rows() * tensor.cols();
    }
  }
  EXPECT_GE(one.op(Op::kFloat), 2 * weights);
  EXPECT_LE(one.op(Op::kFloat), 2 * weights + weights / 10);
  // A second token reads the same weights: only operations double.
  EXPECT_GT(two.op(Op::kFloat), 19 * one.op(Op::kFloat) / 10);
  EXPECT_LT(two.traffic(Traffic::kDram), 11 * one.traffic(Traffic::kDram) / 10);
}

TEST_F(EngineTest, RefusesBadRequestsAndLeavesTheCacheAsItWas) {
  const model::Model model = make({});
  Engine engine(model, {});
  KvCache cache(model.config, 8);
  (void)engine.forward(cache, ids(4), Logits::kNone);
  const std::vector<TokenId> negative = {1, -1};
  const std::vector<TokenId> outside = {1, static_cast<TokenId>(test::kTinyVocabulary)};
  for (const auto& bad : {std::vector<TokenId>{}, ids(5), negative, outside}) {
    try {
      (void)engine.forward(cache, bad, Logits::kLast);
      ADD_FAILURE() << "accepted " << bad.size();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    }
    EXPECT_EQ(cache.size(), 4U);
  }
  EXPECT_THROW(Engine(model, {.threads = 0}), Error);
  EXPECT_THROW(Engine(model, {.batch = 0}), Error);
  EXPECT_THROW(KvCache(model.config, 0), Error);
  EXPECT_THROW(KvCache(model.config, std::size_t{1} << 40U), Error);
}

TEST_F(EngineTest, NamesTheWeightThatIsNoNumber) {
  TinyModel tiny;
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name == "blk.0.attn_v.weight") values[7] = std::numeric_limits<float>::quiet_NaN();
  };
  const model::Model model = make(tiny);
  Engine engine(model, {});
  KvCache cache(model.config, 8);
  try {
    (void)engine.forward(cache, ids(3), Logits::kLast);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("'blk.0.attn_v.weight': row 0, column 7 is nan"),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(EngineTest, GenerationStopsWhereItShould) {
  const model::Model model = make({});
  Engine engine(model, {});
  std::string streamed;
  const Generation out = generate(engine, ids(3), {.max_tokens = 6, .ignore_end = true},
                                  [&](std::string_view piece) { streamed += piece; });
  EXPECT_EQ(out.tokens.size(), 6U);
  EXPECT_EQ(out.reason, StopReason::kMaxTokens);
  EXPECT_EQ(streamed, out.text);
  EXPECT_EQ(engine.work()[Phase::kDecode].output_tokens, 6U);
  EXPECT_EQ(generate(engine, ids(3), {.max_tokens = 6, .ignore_end = true}).tokens, out.tokens)
      << "same seed, same text";
}

// The last token is given out and takes no position.
TEST_F(EngineTest, GenerationFillsTheContextToTheLastToken) {
  const model::Model model = make({.context = 50});
  Engine engine(model, {});
  const auto count = [&](std::size_t prompt, std::size_t max_tokens, std::size_t context) {
    const Generation out = generate(
        engine, ids(prompt), {.max_tokens = max_tokens, .ignore_end = true, .context = context});
    return std::pair(out.tokens.size(), out.reason);
  };
  EXPECT_EQ(count(3, 100, 5), std::pair(std::size_t{3}, StopReason::kContextFull));
  EXPECT_EQ(count(3, 3, 5), std::pair(std::size_t{3}, StopReason::kMaxTokens));
  EXPECT_EQ(count(5, 100, 5), std::pair(std::size_t{1}, StopReason::kContextFull));
  EXPECT_EQ(count(40, 100, 0), std::pair(std::size_t{11}, StopReason::kContextFull));
  EXPECT_EQ(count(40, 100, 60), std::pair(std::size_t{21}, StopReason::kContextFull));
  EXPECT_THROW((void)count(6, 100, 5), Error);
  EXPECT_THROW((void)count(0, 100, 5), Error);
}

TEST_F(EngineTest, GenerationEndsAtEndOfText) {
  // An output matrix whose row of </s> points wherever the network goes: it wins at once.
  TinyModel tiny;
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name == "output.weight") std::fill(values.begin(), values.end(), 0.0F);
    if (name == "output_norm.weight") std::fill(values.begin(), values.end(), 1.0F);
  };
  tiny.edit_metadata = [](format::Metadata& meta) {
    meta.set("tokenizer.ggml.eos_token_id", std::uint32_t{0});  // argmax of equals is the first
  };
  const model::Model model = make(tiny);
  Engine engine(model, {});
  const Generation out = generate(engine, ids(2), {.sampler = {.temperature = 0.0F}});
  EXPECT_EQ(out.reason, StopReason::kEndOfText);
  EXPECT_TRUE(out.tokens.empty());
}

TEST_F(EngineTest, ACallbackThatThrowsStopsTheGeneration) {
  const model::Model model = make({});
  Engine engine(model, {});
  EXPECT_THROW((void)generate(engine, ids(2), {.ignore_end = true},
                              [](std::string_view) { throw std::runtime_error("stop"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace frugal::engine
