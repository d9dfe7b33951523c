#include "frugal/compress/narrow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/engine/engine.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

constexpr const char* kArchitectures[] = {"llama", "qwen2", "qwen3", "gemma3", "phi3", "gpt2"};

std::vector<float> logits_of(const model::Model& model) {
  engine::Engine engine(model, {});
  engine::KvCache cache(model.config, 16, engine::KvType::kF32);
  const std::vector<text::TokenId> tokens = {5, 9, 77, 130, 12, 300, 41};
  const auto logits = engine.forward(cache, tokens, engine::Logits::kLast);
  return {logits.begin(), logits.end()};
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return most;
}

// A model in which channels 2, 3 and 90 and the last key-value head of each layer say nothing:
// their columns in down and in the attention output are 0.
test::TinyModel with_idle_parts(const char* architecture) {
  return {.architecture = architecture,
          .heads = 4,
          .kv_heads = std::string(architecture) == "gpt2" ? 4UL : 2UL,
          .edit = [](const std::string& name, std::span<float> values) {
            const bool down = name.find("ffn_down.weight") != std::string::npos;
            const bool output = name.find("attn_output.weight") != std::string::npos;
            if (!down && !output) return;
            const std::size_t cols = down ? 96 : values.size() / 64;
            for (std::size_t i = 0; i < values.size(); ++i) {
              const std::size_t c = i % cols;
              const bool idle = down ? c == 2 || c == 3 || c == 90 : c >= cols / 2;
              if (idle) values[i] = 0.0F;
            }
          }};
}

TEST(Narrow, PartsThatSayNothingCanGo) {
  test::TempFolder folder;
  for (const char* architecture : kArchitectures) {
    const model::Model whole =
        model::load(test::write_tiny_model(folder / "m.gguf", with_idle_parts(architecture)));
    NarrowLayer kept;
    for (std::size_t c = 0; c < 96; ++c) {
      if (c != 2 && c != 3 && c != 90) kept.channels.push_back(c);
    }
    for (std::size_t g = 0; g < whole.config.kv_heads / 2; ++g) kept.groups.push_back(g);
    const auto file = narrow(whole, std::vector<NarrowLayer>(whole.layers.size(), kept));
    const model::Model small = model::describe(file);
    EXPECT_EQ(small.config.feed_forward, 93U) << architecture;
    EXPECT_EQ(small.config.kv_heads, whole.config.kv_heads / 2) << architecture;
    EXPECT_EQ(small.config.heads, whole.config.heads / 2) << architecture;
    EXPECT_EQ(small.config.head_dim, whole.config.head_dim) << architecture;
    EXPECT_EQ(small.config.rope_dims, whole.config.rope_dims) << architecture;
    EXPECT_LT(distance(logits_of(small), logits_of(whole)), 1e-4) << architecture;
  }
}

TEST(Narrow, WhatIsNotNamedStaysAsItWas) {
  test::TempFolder folder;
  const model::Model whole = model::load(test::write_tiny_model(folder / "m.gguf", {}));
  NarrowLayer kept;
  for (std::size_t c = 0; c < 64; ++c) kept.channels.push_back(c);
  const auto file = narrow(whole, std::vector<NarrowLayer>(2, kept));
  EXPECT_EQ(file->tensors().size(), whole.file->tensors().size());
  EXPECT_EQ(file->find("blk.1.attn_q.weight")->data, whole.file->find("blk.1.attn_q.weight")->data);
  EXPECT_EQ(file->find("blk.1.ffn_up.weight")->rows(), 64U);
  EXPECT_EQ(file->find("blk.1.ffn_down.weight")->cols(), 64U);
  EXPECT_EQ(file->metadata().get_uint("llama.feed_forward_length"), 64U);
  EXPECT_EQ(file->metadata().get_uint("llama.attention.head_count"), 4U);
}

TEST(Narrow, NewNumbersTakeThePlaceOfColumns) {
  test::TempFolder folder;
  const model::Model whole = model::load(test::write_tiny_model(folder / "m.gguf", {.layers = 1}));
  NarrowLayer kept{.channels = {1, 5}, .down = std::vector<float>(128, 0.25F)};
  const model::Model small = model::describe(narrow(whole, {&kept, 1}));
  EXPECT_EQ(numbers_of(small, small.layers[0].down.weight), kept.down);
}

// 96 channels are three blocks; 64 are two, 70 are none: those go to float16.
TEST(Narrow, BlocksStayWhereTheyFit) {
  test::TempFolder folder;
  const model::Model whole =
      model::load(test::write_tiny_model(folder / "m.gguf", {.type = DType::kQ8_0}));
  for (const std::size_t count : {64UL, 70UL}) {
    NarrowLayer kept;
    for (std::size_t c = 0; c < count; ++c) kept.channels.push_back(c);
    const auto file = narrow(whole, std::vector<NarrowLayer>(2, kept));
    EXPECT_EQ(file->find("blk.0.ffn_down.weight")->type, count == 64 ? DType::kQ8_0 : DType::kF16);
    EXPECT_EQ(file->find("blk.0.ffn_up.weight")->type, DType::kQ8_0);
    const model::Model small = model::describe(file);
    for (const float value : logits_of(small)) EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(Narrow, NamesAWeightThatIsNoNumber) {
  test::TempFolder folder;
  const model::Model bad = model::load(test::write_tiny_model(
      folder / "bad.gguf", {.layers = 1, .edit = [](const std::string& name, auto values) {
                              if (name == "blk.0.ffn_down.weight") values[70] = NAN;
                            }}));
  const NarrowLayer kept{.channels = {1, 5}};
  try {
    (void)narrow(bad, {&kept, 1});
    FAIL() << "a NaN was kept";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("ffn_down"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace frugal::compress
