#include "frugal/compress/block_influence.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

std::vector<text::TokenId> tokens(std::size_t count) {
  std::vector<text::TokenId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<text::TokenId>(3 + ((i * i) % (test::kTinyVocabulary - 3))));
  }
  return ids;
}

class BlockInfluence : public ::testing::Test {
 protected:
  std::vector<double> influence(const test::TinyModel& tiny) {
    const model::Model model = model::load(test::write_tiny_model(folder_ / "m.gguf", tiny));
    return block_influence(model, tokens(100), {.context = 50});
  }
  // What a layer adds becomes `factor` times as large.
  static test::TinyModel with_layer(const std::string& layer, float factor) {
    return {.layers = 4, .edit = [layer, factor](const std::string& name, std::span<float> values) {
              if (name != layer + ".attn_output.weight" && name != layer + ".ffn_down.weight")
                return;
              for (float& value : values) value *= factor;
            }};
  }

  test::TempFolder folder_;
};

TEST_F(BlockInfluence, OfALayerThatAddsNothingIsNone) {
  for (const std::size_t layer : {0UL, 2UL, 3UL}) {
    const auto found = influence(with_layer("blk." + std::to_string(layer), 0.0F));
    ASSERT_EQ(found.size(), 4U);
    for (std::size_t l = 0; l < 4; ++l) {
      if (l == layer) {
        EXPECT_NEAR(found[l], 0.0, 1e-6) << layer;
      } else {
        EXPECT_GT(found[l], 1e-4) << l;
      }
    }
    EXPECT_EQ(least_influential(found, 1), std::vector<std::size_t>{layer});
  }
}

TEST_F(BlockInfluence, GrowsWithWhatALayerAdds) {
  const double little = influence(with_layer("blk.1", 0.3F))[1];
  const double usual = influence(with_layer("blk.1", 1.0F))[1];
  const double much = influence(with_layer("blk.1", 30.0F))[1];
  EXPECT_LT(little, usual);
  EXPECT_LT(usual, much);
  EXPECT_LE(much, 2.0);
}

// Gains that differ between layers change no direction.
TEST_F(BlockInfluence, GainsAreDividedOut) {
  test::TinyModel tiny = with_layer("blk.1", 0.0F);
  const auto edit = tiny.edit;
  tiny.edit = [edit](const std::string& name, std::span<float> values) {
    edit(name, values);
    if (name != "blk.1.attn_norm.weight" && name != "blk.2.attn_norm.weight") return;
    for (std::size_t c = 0; c < values.size(); ++c) {
      values[c] = (name[4] == '1' ? 0.5F : -2.0F) + static_cast<float>(c % 5);
    }
    values[7] = 0.0F;
  };
  EXPECT_NEAR(influence(tiny)[1], 0.0, 1e-5);
}

TEST_F(BlockInfluence, WorksForOtherArchitectures) {
  for (const char* name : {"gpt2", "gemma3", "qwen3", "phi3"}) {
    const auto found = influence({.architecture = name, .layers = 3});
    ASSERT_EQ(found.size(), 3U);
    for (const double value : found) {
      EXPECT_GT(value, 0.0) << name;
      EXPECT_LT(value, 2.0) << name;
    }
  }
}

TEST_F(BlockInfluence, RefusesToDropAll) {
  const std::vector<double> some = {0.5, 0.1, 0.1, 0.7};
  EXPECT_EQ(least_influential(some, 2), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(least_influential(some, 1), (std::vector<std::size_t>{2})) << "the later of equals";
  EXPECT_TRUE(least_influential(some, 0).empty());
  EXPECT_THROW((void)least_influential(some, 4), Error);
  EXPECT_THROW((void)influence({.architecture = "bert"}), Error);
}

}  // namespace
}  // namespace frugal::compress
