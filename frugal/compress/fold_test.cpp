#include "frugal/compress/fold.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "frugal/base/error.h"
#include "frugal/base/random.h"
#include "frugal/engine/engine.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

std::vector<float> logits_of(const std::filesystem::path& path) {
  const model::Model model = model::load(path);
  engine::Engine engine(model, {});
  const std::vector<text::TokenId> tokens = {1, 40, 77, 5, 200, 9, 31, 118};
  engine::KvCache cache(model.config, tokens.size(), engine::KvType::kF32);
  const auto logits = engine.forward(cache, tokens, engine::Logits::kAll);
  return {logits.begin(), logits.end()};
}

std::vector<Scaling> random_scalings(const model::Model& model) {
  Random random(3);
  std::vector<Scaling> scalings;
  for (const Fold& fold : folds_of(model, inputs_of(model, false))) {
    Scaling scaling{.fold = fold};
    for (std::size_t i = 0; i < fold.channels; ++i) {
      scaling.scales.push_back(static_cast<float>(std::exp(random.normal())));
    }
    scalings.push_back(std::move(scaling));
  }
  return scalings;
}

class EveryArchitecture : public ::testing::TestWithParam<const char*> {};

// Folds per layer: norm to query, value to output, norm to gate and up, up to down.
TEST_P(EveryArchitecture, SaysTheSameWithScalesFoldedIn) {
  const test::TempFolder folder;
  const auto path = test::write_tiny_model(folder / "m.gguf", {.architecture = GetParam()});
  const model::Model model = model::load(path);
  const auto scalings = random_scalings(model);
  EXPECT_EQ(scalings.size(), std::string_view(GetParam()) == "gpt2" ? 2U * 3U : 2U * 4U);
  format::Metadata notes;
  notes.set("test.note", std::string("folded"));
  write_folded(*model.file, scalings, notes, folder / "f.gguf");
  EXPECT_EQ(model::load(folder / "f.gguf").file->metadata().get_string("test.note"), "folded");
  const std::vector<float> before = logits_of(path);
  const std::vector<float> after = logits_of(folder / "f.gguf");
  ASSERT_EQ(before.size(), after.size());
  double largest = 0.0;
  for (const float value : before)
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (std::size_t i = 0; i < before.size(); ++i) {
    ASSERT_NEAR(before[i], after[i], 1e-4 * largest) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EveryArchitecture,
                         ::testing::Values("llama", "qwen2", "qwen3", "gemma3", "phi3", "gpt2"));

TEST(Fold, HeadsOfAGroupReadOneValue) {
  const test::TempFolder folder;
  const model::Model model = model::load(test::write_tiny_model(folder / "m.gguf", {}));
  for (const Fold& fold : folds_of(model, inputs_of(model, false))) {
    if (fold.input.tensors.front() != "blk.0.attn_output.weight") continue;
    EXPECT_EQ(fold.channels, 32U) << "2 value heads of 16";
    ASSERT_EQ(fold.channels_of.size(), 64U);
    EXPECT_EQ(fold.channels_of[5], 5U);
    EXPECT_EQ(fold.channels_of[16 + 5], 5U);
    EXPECT_EQ(fold.channels_of[32 + 5], 16U + 5U);
    EXPECT_EQ(fold.channels_of[63], 31U);
    return;
  }
  FAIL() << "no fold of the output matrix";
}

TEST(Fold, LeavesOtherTensorsAsTheyAre) {
  const test::TempFolder folder;
  const model::Model model =
      model::load(test::write_tiny_model(folder / "m.gguf", {.type = DType::kF16}));
  auto scalings = random_scalings(model);
  scalings.resize(1);  // norm to query, key and value of the first layer
  write_folded(*model.file, scalings, {}, folder / "f.gguf");
  const auto folded = format::TensorFile::open(folder / "f.gguf");
  for (const format::TensorInfo& tensor : folded->tensors()) {
    const format::TensorInfo& before = *model.file->find(tensor.name);
    const bool changes =
        tensor.name == "blk.0.attn_norm.weight" || tensor.name == "blk.0.attn_q.weight" ||
        tensor.name == "blk.0.attn_k.weight" || tensor.name == "blk.0.attn_v.weight";
    const auto now = folded->data(tensor);
    const auto then = model.file->data(before);
    EXPECT_EQ(std::equal(now.begin(), now.end(), then.begin(), then.end()), !changes)
        << tensor.name;
    EXPECT_EQ(tensor.type, changes ? DType::kF32 : before.type) << tensor.name;
  }
}

TEST(Fold, RefusesWeightsThatAreNotFinite) {
  const test::TempFolder folder;
  const model::Model model = model::load(test::write_tiny_model(folder / "m.gguf", {}));
  const auto scalings = random_scalings(model);
  const auto bad = format::TensorFile::open(test::write_tiny_model(
      folder / "bad.gguf", {.edit = [](const std::string& name, std::span<float> values) {
        if (name == "blk.1.ffn_up.weight") values[70] = NAN;
      }}));
  try {
    write_folded(*bad, scalings, {}, folder / "f.gguf");
    FAIL() << "a weight that is not a number was folded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("blk.1.ffn_up.weight"), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "f.gguf"));
}

}  // namespace
}  // namespace frugal::compress
