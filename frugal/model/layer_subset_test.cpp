#include "frugal/model/layer_subset.h"

#include <gtest/gtest.h>

#include <array>

#include "frugal/base/error.h"
#include "frugal/model/model.h"
#include "tests/support/tiny_model.h"

namespace frugal::model {
namespace {

TEST(KeepLayers, GivesTheChosenLayersInOrderUnderNewNumbers) {
  const test::TempFolder folder;
  const auto file =
      format::TensorFile::open(test::write_tiny_model(folder / "m.gguf", {.layers = 4}));
  const std::array<std::size_t, 2> kept = {3, 1};
  const auto some = keep_layers(file, kept);
  const Model model = describe(some);
  EXPECT_EQ(model.config.layers, 2U);
  EXPECT_EQ(some->find("blk.0.attn_q.weight")->data, file->find("blk.3.attn_q.weight")->data);
  EXPECT_EQ(some->find("blk.1.ffn_down.weight")->data, file->find("blk.1.ffn_down.weight")->data);
  EXPECT_EQ(some->find("blk.2.attn_q.weight"), nullptr);
  EXPECT_EQ(some->find("token_embd.weight")->data, file->find("token_embd.weight")->data);
}

TEST(KeepLayers, CutsArraysThatHaveAnEntryPerLayer) {
  const test::TempFolder folder;
  test::TinyModel tiny{.layers = 3};
  tiny.edit_metadata = [](format::Metadata& metadata) {
    format::MetaArray each{.element_type = 4, .values = {}};
    for (std::uint32_t i = 0; i < 3; ++i) each.values.emplace_back(i + 10);
    metadata.set("llama.something_per_layer", each);
    metadata.set("other.three_things", each);
  };
  const auto file = format::TensorFile::open(test::write_tiny_model(folder / "m.gguf", tiny));
  const std::array<std::size_t, 2> kept = {0, 2};
  const auto some = keep_layers(file, kept);
  const auto* cut = some->metadata().get_array("llama.something_per_layer");
  ASSERT_EQ(cut->values.size(), 2U);
  EXPECT_EQ(std::get<std::uint32_t>(cut->values[1]), 12U);
  EXPECT_EQ(some->metadata().get_array("other.three_things")->values.size(), 3U);
}

TEST(KeepLayers, ExitsMoveWithTheirLayers) {
  const test::TempFolder folder;
  const auto file = format::TensorFile::open(
      test::write_tiny_model(folder / "m.gguf", {.layers = 4, .exits = {1, 2}}));
  const std::array<std::size_t, 3> kept = {0, 2, 3};
  const Model model = describe(keep_layers(file, kept));
  EXPECT_EQ(model.exits(), (std::vector<std::size_t>{1}));
  EXPECT_EQ(model.layers[1].exit_norm.gain, describe(file).layers[2].exit_norm.gain);
}

TEST(KeepLayers, RefusesLayersThatAreNotThereOrNamedTwice) {
  const test::TempFolder folder;
  const auto file =
      format::TensorFile::open(test::write_tiny_model(folder / "m.gguf", {.layers = 2}));
  const auto keep = [&](std::vector<std::size_t> kept) { return keep_layers(file, kept); };
  EXPECT_THROW((void)keep({}), Error);
  EXPECT_THROW((void)keep({2}), Error);
  EXPECT_THROW((void)keep({1, 1}), Error);
}

}  // namespace
}  // namespace frugal::model
