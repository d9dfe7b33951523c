// Does the engine compute what a reference implementation computed?  The reference outputs lie
// beside the project, not in it; without them the tests say so and skip.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "frugal/base/atomic_file.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/engine/generate.h"
#include "frugal/eval/score.h"

namespace {

using namespace frugal;  // NOLINT(google-build-using-namespace): a test's main file

std::filesystem::path shared_data() {
  if (const char* folder = std::getenv("FRUGAL_SHARED"))
    return std::filesystem::path(folder) / "data";
  const char* source = std::getenv("FRUGAL_SOURCE_DIR");
  return std::filesystem::path(source == nullptr ? "." : source) / "../shared/data";
}

struct Reference {
  std::string_view model;
  std::string_view json;
};
constexpr Reference kReferences[] = {
    {"tiny/llama.gguf", "tiny/llama.json"},   {"tiny/llama3.gguf", "tiny/llama3.json"},
    {"tiny/qwen2.gguf", "tiny/qwen2.json"},   {"tiny/qwen3.gguf", "tiny/qwen3.json"},
    {"tiny/gemma3.gguf", "tiny/gemma3.json"}, {"tiny/phi3.gguf", "tiny/phi3.json"},
    {"tiny/gpt2.gguf", "tiny/gpt2.json"},     {"stories260K-f32.gguf", "stories260K.json"}};

class Golden : public testing::TestWithParam<Reference> {};

TEST_P(Golden, LogitsAgreeForEveryInstructionSetAndThreadCount) {
  const auto file = shared_data() / GetParam().model;
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not here";
  const Json want = parse_json(read_text_file(shared_data() / GetParam().json), "reference");
  const model::Model model = model::load(file);
  const auto tokens = want["tokens"].get<std::vector<text::TokenId>>();
  const auto last = want["last_logits"].get<std::vector<float>>();
  const std::size_t vocab = model.config.vocab_size;
  for (const kernels::Kernels* table : kernels::runnable_kernels()) {
    for (const std::size_t threads : {1U, 3U}) {
      // A batch below the prompt's length also crosses the border between two batches.
      engine::Engine engine(model, {.threads = threads, .batch = 48, .kernels = table});
      engine::KvCache cache(model.config, tokens.size(), engine::KvType::kF32);
      const auto logits = engine.forward(cache, tokens, engine::Logits::kAll);
      ASSERT_EQ(logits.size(), tokens.size() * vocab);
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        EXPECT_EQ(engine::argmax(logits.subspan(i * vocab, vocab)), want["argmax"][i])
            << kernels::isa_name(table->isa) << " at " << i;
      }
      for (std::size_t v = 0; v < vocab; ++v) {
        const float got = logits[((tokens.size() - 1) * vocab) + v];
        EXPECT_LE(std::abs(got - last[v]), 1e-3F * std::max(1.0F, std::abs(last[v])))
            << kernels::isa_name(table->isa) << " logit " << v;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Golden, testing::ValuesIn(kReferences));

TEST(Golden, ThePooledVectorOfBertAgrees) {
  const auto file = shared_data() / "tiny/bert.gguf";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not here";
  const Json want = parse_json(read_text_file(shared_data() / "tiny/bert.json"), "reference");
  const auto tokens = want["tokens"].get<std::vector<text::TokenId>>();
  const auto pooled = want["pooled"].get<std::vector<float>>();
  const model::Model model = model::load(file);
  double size = 0.0;
  for (const float x : pooled) size += static_cast<double>(x) * static_cast<double>(x);
  for (const kernels::Kernels* table : kernels::runnable_kernels()) {
    for (const std::size_t threads : {1U, 3U}) {
      engine::Engine engine(model, {.threads = threads, .kernels = table});
      const std::vector<float> got = engine.embed(tokens);
      ASSERT_EQ(got.size(), pooled.size());
      double error = 0.0;
      for (std::size_t i = 0; i < got.size(); ++i) {
        const double difference = static_cast<double>(got[i]) - static_cast<double>(pooled[i]);
        error += difference * difference;
      }
      EXPECT_LE(std::sqrt(error / size), 1e-4) << kernels::isa_name(table->isa);
    }
  }
}

TEST(Golden, GreedyTextOfStoriesIsReproducedExactly) {
  const auto file = shared_data() / "stories260K-f32.gguf";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not here";
  const Json want =
      parse_json(read_text_file(shared_data() / "stories260K.json"), "reference")["greedy"];
  const model::Model model = model::load(file);
  const auto prompt = model.tokenizer->encode(want["prompt"].get<std::string>(),
                                              {.add_special = true, .parse_special = true});
  EXPECT_EQ(prompt, want["prompt_tokens"].get<std::vector<text::TokenId>>());
  for (const auto kv : {engine::KvType::kF16, engine::KvType::kF32}) {
    engine::Engine engine(model, {.threads = 2});
    const auto out = engine::generate(engine, prompt,
                                      {.max_tokens = want["new_tokens"],
                                       .sampler = {.temperature = 0.0F},
                                       .kv = kv,
                                       .context = 128});
    EXPECT_EQ(out.text, want["text"].get<std::string>());
  }
}

}  // namespace
