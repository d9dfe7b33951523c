#include "frugal/train/blank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "frugal/base/error.h"
#include "frugal/model/model.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

class BlankModel : public testing::Test {
 protected:
  void SetUp() override {
    vocabulary_ =
        format::TensorFile::open(test::write_tiny_model(folder_ / "v.gguf", {}))->metadata();
  }
  test::TempFolder folder_;
  format::Metadata vocabulary_;
  Shape shape_{
      .layers = 2, .width = 64, .heads = 4, .kv_heads = 2, .feed_forward = 96, .context = 128};
};

std::span<const float> numbers_of(const format::TensorFile& file, std::string_view name) {
  const format::TensorInfo* info = file.find(name);
  return {reinterpret_cast<const float*>(info->data), info->bytes / sizeof(float)};
}

double deviation(std::span<const float> numbers) {
  double squares = 0.0;
  for (const float number : numbers) squares += static_cast<double>(number) * number;
  return std::sqrt(squares / static_cast<double>(numbers.size()));
}

TEST_F(BlankModel, IsALlamaOfTheShapeWithTheVocabulary) {
  const model::Model model = model::describe(blank_model(shape_, vocabulary_, 1));
  EXPECT_EQ(model.config.layers, 2U);
  EXPECT_EQ(model.config.kv_heads, 2U);
  EXPECT_EQ(model.config.vocab_size, test::kTinyVocabulary);
  EXPECT_TRUE(model.tied());
  ASSERT_NE(model.tokenizer, nullptr);
}

TEST_F(BlankModel, IsABertWithAClassifier) {
  shape_.architecture = "bert";
  shape_.kv_heads = 0;
  shape_.labels = {"intent:a", "intent:b", "difficulty:1"};
  const model::Model model = model::describe(blank_model(shape_, vocabulary_, 1));
  ASSERT_TRUE(model.classifier.has_value());
  EXPECT_EQ(model.classifier->labels, shape_.labels);
  EXPECT_EQ(model.config.pooling, model::Pooling::kCls);
}

TEST_F(BlankModel, HasNumbersOfTheStatedSize) {
  const auto file = blank_model(shape_, vocabulary_, 1);
  EXPECT_NEAR(deviation(numbers_of(*file, "token_embd.weight")), 0.02, 0.001);
  EXPECT_NEAR(deviation(numbers_of(*file, "blk.0.attn_q.weight")), 1.0 / 8.0, 0.01);
  EXPECT_NEAR(deviation(numbers_of(*file, "blk.1.attn_output.weight")), 1.0 / 16.0, 0.005);
  EXPECT_EQ(deviation(numbers_of(*file, "blk.1.attn_norm.weight")), 1.0);
}

TEST_F(BlankModel, FollowsItsSeed) {
  const auto first = blank_model(shape_, vocabulary_, 1);
  const auto again = blank_model(shape_, vocabulary_, 1);
  const auto other = blank_model(shape_, vocabulary_, 2);
  const auto a = numbers_of(*first, "blk.0.ffn_up.weight");
  EXPECT_TRUE(std::ranges::equal(a, numbers_of(*again, "blk.0.ffn_up.weight")));
  EXPECT_FALSE(std::ranges::equal(a, numbers_of(*other, "blk.0.ffn_up.weight")));
}

TEST_F(BlankModel, RefusesAShapeThatIsNone) {
  const auto refused = [&](const std::function<void(Shape&)>& change) {
    Shape shape = shape_;
    change(shape);
    EXPECT_THROW((void)blank_model(shape, vocabulary_, 1), Error);
  };
  refused([](Shape& s) { s.heads = 3; });
  refused([](Shape& s) { s.kv_heads = 3; });
  refused([](Shape& s) { s.layers = 0; });
  refused([](Shape& s) { s.architecture = "rnn"; });
  EXPECT_THROW((void)blank_model(shape_, {}, 1), Error);
}

}  // namespace
}  // namespace frugal::train
