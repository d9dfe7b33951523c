#include <gtest/gtest.h>

#include <limits>

#include "frugal/model/tiny_for_test.h"

namespace frugal::model {
namespace {

using test::TinyModel;

const TinyModel kBert{.architecture = "bert"};

format::MetaArray texts(const std::vector<std::string>& values) {
  format::MetaArray array{.element_type = 8, .values = {}};
  for (const std::string& value : values) array.values.emplace_back(value);
  return array;
}

// Three scores, with a dense layer before them.
TinyModel with_classifier() {
  TinyModel tiny = with_tensor(kBert, {.name = "cls.weight", .rows = 64, .cols = 64});
  tiny = with_tensor(tiny, {.name = "cls.bias", .cols = 64});
  tiny = with_tensor(tiny, {.name = "cls.output.weight", .rows = 3, .cols = 64});
  return with_tensor(tiny, {.name = "cls.output.bias", .cols = 3});
}

TEST(Bert, IsAnEncoderWithNormsAtTheEndOfEachSublayer) {
  const Model model = load_tiny(kBert);
  EXPECT_FALSE(model.config.causal);
  EXPECT_EQ(model.config.norm, NormKind::kLayer);
  EXPECT_EQ(model.config.activation, Activation::kGelu);
  EXPECT_TRUE(model.output.weight.empty());
  EXPECT_TRUE(model.output_norm.empty());
  EXPECT_EQ(model.embedding_norm.bias.size(), 64U);
  EXPECT_EQ(model.position_embedding.rows, 256U);
  EXPECT_FALSE(model.classifier);
  for (const Layer& layer : model.layers) {
    EXPECT_TRUE(layer.attention_norm.empty());
    EXPECT_TRUE(layer.mlp_norm.empty());
    EXPECT_EQ(layer.attention_end_norm.bias.size(), 64U);
    EXPECT_EQ(layer.mlp_end_norm.gain.size(), 64U);
    EXPECT_EQ(layer.value.bias.size(), 32U);
    EXPECT_TRUE(layer.gate.weight.empty());
  }
}

TEST(Bert, NeedsItsPositionsNormsAndBiases) {
  expect_all_needed(
      kBert, {"position_embd.weight", "token_embd_norm.weight", "token_embd_norm.bias",
              "blk.0.attn_output_norm.weight", "blk.1.layer_output_norm.bias", "blk.0.attn_q.bias",
              "blk.1.ffn_down.bias"});
}

TEST(Bert, PoolsAsItsNumberSaysAndByTheMeanWhereThereIsNone) {
  const std::vector<Pooling> wanted = {Pooling::kNone, Pooling::kMean, Pooling::kCls,
                                       Pooling::kLast, Pooling::kRank};
  for (std::uint32_t number = 0; number < wanted.size(); ++number) {
    const TinyModel tiny = with_key(kBert, "bert.pooling_type", number);
    EXPECT_EQ(load_tiny(tiny).config.pooling, wanted[number]) << number;
  }
  EXPECT_EQ(load_tiny(without_key(kBert, "bert.pooling_type")).config.pooling, Pooling::kMean);
}

TEST(Bert, NamesThePoolingThatItDoesNotKnow) {
  expect_refused(with_key(kBert, "bert.pooling_type", std::uint32_t{9}), ErrorKind::kUnsupported,
                 "pooling type 9, expected 0 (none)");
}

TEST(Bert, EveryTokenIsOfTheFirstType) {
  const Model model = load_tiny(with_number(kBert, "token_types.weight", 63, 4.5F));
  ASSERT_EQ(model.type_embedding.size(), 64U);
  EXPECT_EQ(model.type_embedding[63], 4.5F);
  TinyModel untyped = kBert;
  untyped.omit = {"token_types.weight"};
  EXPECT_TRUE(load_tiny(untyped).type_embedding.empty());
}

TEST(Bert, RefusesATypeThatIsNoNumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_refused(with_number(kBert, "token_types.weight", 5, nan), ErrorKind::kCorrupt,
                 "'token_types.weight': element 5 is nan, expected a finite number");
  EXPECT_NO_THROW((void)load_tiny(with_number(kBert, "token_types.weight", 64 + 5, nan)))
      << "the second type is never added";
}

TEST(Bert, AClassifierGivesAScoreForEachRow) {
  const TinyModel tiny =
      with_key(with_classifier(), "bert.classifier.output_labels", texts({"no", "maybe", "yes"}));
  const auto classifier = load_tiny(tiny).classifier;
  ASSERT_TRUE(classifier);
  EXPECT_EQ(classifier->dense.weight.rows, 64U);
  EXPECT_EQ(classifier->dense.bias.size(), 64U);
  EXPECT_EQ(classifier->output.weight.rows, 3U);
  EXPECT_EQ(classifier->output.bias.size(), 3U);
  EXPECT_EQ(classifier->labels, (std::vector<std::string>{"no", "maybe", "yes"}));
}

TEST(Bert, AClassifierMayBeOneMatrixWithoutNames) {
  const TinyModel tiny = with_tensor(kBert, {.name = "cls.output.weight", .rows = 2, .cols = 64});
  const auto classifier = load_tiny(tiny).classifier;
  ASSERT_TRUE(classifier);
  EXPECT_TRUE(classifier->dense.weight.empty());
  EXPECT_TRUE(classifier->output.bias.empty());
  EXPECT_TRUE(classifier->labels.empty());
}

TEST(Bert, RefusesNamesThatDoNotFitTheScores) {
  const std::string key = "bert.classifier.output_labels";
  expect_refused(with_key(with_classifier(), key, texts({"no", "yes"})), ErrorKind::kCorrupt,
                 "2 classifier labels for 3 rows of 'cls.output.weight', expected one each");
  format::MetaArray numbers{.element_type = 4, .values = {}};
  for (std::uint32_t i = 0; i < 3; ++i) numbers.values.emplace_back(i);
  expect_refused(with_key(with_classifier(), key, numbers), ErrorKind::kCorrupt,
                 "expected an array of strings");
}

TEST(Bert, ADenseLayerWithoutScoresAfterItIsRefused) {
  expect_refused(with_tensor(kBert, {.name = "cls.weight", .rows = 64, .cols = 64}),
                 ErrorKind::kCorrupt, "no tensor 'cls.output.weight'");
}

TEST(Bert, ItsBytesAreThoseOfAllItsNumbers) {
  const std::uint64_t plain = load_tiny(kBert).weight_bytes();
  EXPECT_EQ(load_tiny(with_classifier()).weight_bytes() - plain,
            sizeof(float) * ((64 * 64) + 64 + (3 * 64) + 3));
}

}  // namespace
}  // namespace frugal::model
