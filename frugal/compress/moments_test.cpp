#include "frugal/compress/moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

class Moments : public ::testing::Test {
 protected:
  model::Model load(const test::TinyModel& tiny = {}) {
    return model::load(test::write_tiny_model(folder_ / "m.gguf", tiny));
  }
  static std::vector<text::TokenId> tokens(std::size_t count) {
    std::vector<text::TokenId> ids;
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back(static_cast<text::TokenId>(3 + ((i * 37) % (test::kTinyVocabulary - 3))));
    }
    return ids;
  }
  test::TempFolder folder_;
};

// Σ x xᵀ by its definition, of every matrix by name.
std::map<std::string, std::vector<double>> naive(const model::Model& model,
                                                 const std::vector<text::TokenId>& text,
                                                 const CalibrateOptions& options) {
  std::map<std::string, std::vector<double>> sums;
  (void)watch_text(model, text, options, [&](auto weights, auto x) {
    std::vector<double>& sum = sums[weights.front()->name];
    sum.resize(x.cols * x.cols);
    for (std::size_t t = 0; t < x.rows; ++t) {
      for (std::size_t i = 0; i < x.cols; ++i) {
        for (std::size_t j = 0; j < x.cols; ++j) {
          sum[(i * x.cols) + j] +=
              static_cast<double>(x.row(t)[i]) * static_cast<double>(x.row(t)[j]);
        }
      }
    }
  });
  return sums;
}

TEST_F(Moments, SquaresAreTheDiagonal) {
  const model::Model model = load();
  const std::vector<Input> inputs = inputs_of(model, false);
  const auto products = second_moments(model, tokens(75), inputs, {.context = 30});
  const auto squares =
      second_moments(model, tokens(75), inputs, {.context = 30, .threads = 2}, Sums::kSquares);
  ASSERT_EQ(squares.size(), products.size());
  for (std::size_t i = 0; i < squares.size(); ++i) {
    EXPECT_EQ(squares[i].count, products[i].count);
    EXPECT_EQ(squares[i].sum.size(), 0U);
    ASSERT_EQ(squares[i].squares.size(), inputs[i].cols);
    for (std::size_t c = 0; c < inputs[i].cols; ++c) {
      const double want = products[i].sum.row(c)[c];
      ASSERT_NEAR(squares[i].squares[c], want, 1e-6 * want);
    }
  }
  EXPECT_EQ(passes_within(inputs, 1000000, Sums::kSquares).size(), 1U);
}

TEST_F(Moments, AreTheSumsByDefinition) {
  const model::Model model = load({.embedding = 36, .heads = 3, .kv_heads = 1, .feed_forward = 52});
  const CalibrateOptions options{.context = 30, .output = true};
  const auto want = naive(model, tokens(75), options);
  const std::vector<Input> inputs = inputs_of(model, true);
  const auto moments = second_moments(model, tokens(75), inputs, options);
  ASSERT_EQ(moments.size(), want.size());
  for (const SecondMoments& found : moments) {
    const std::vector<double>& sums = want.at(found.input.tensors.front());
    const std::size_t cols = found.input.cols;
    EXPECT_EQ(found.count, 60.0) << "two whole windows";
    for (std::size_t i = 0; i < cols; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const double scale = std::sqrt(sums[(i * cols) + i] * sums[(j * cols) + j]);
        ASSERT_NEAR(found.sum.row(i)[j], sums[(i * cols) + j], 1e-6 * scale);
      }
      for (std::size_t j = i + 1; j < cols; ++j) ASSERT_EQ(found.sum.row(i)[j], 0.0);
    }
  }
}

TEST_F(Moments, InputsAreSharedAndInTheOrderOfTheNetwork) {
  const std::vector<Input> inputs = inputs_of(load(), true);
  ASSERT_EQ(inputs.size(), 2U * 4U + 1U);
  EXPECT_EQ(inputs[0].tensors,
            (std::vector<std::string>{"blk.0.attn_q.weight", "blk.0.attn_k.weight",
                                      "blk.0.attn_v.weight"}));
  EXPECT_EQ(inputs[3].tensors, std::vector<std::string>{"blk.0.ffn_down.weight"});
  EXPECT_EQ(inputs[3].cols, 96U);
  EXPECT_EQ(inputs.back().tensors, std::vector<std::string>{"output.weight"});
  EXPECT_EQ(inputs_of(load(), false).size(), 8U);
  const std::vector<Input> parts = inputs_of(load({.architecture = "phi3"}), false);
  EXPECT_EQ(parts[0].tensors, std::vector<std::string>{"blk.0.attn_qkv.weight"});
}

TEST_F(Moments, DependNeitherOnThreadsNorOnWhatElseIsWanted) {
  const model::Model model = load();
  const std::vector<Input> inputs = inputs_of(model, false);
  const auto all = second_moments(model, tokens(64), inputs, {.context = 32});
  const auto one = second_moments(model, tokens(64), std::span(inputs).subspan(5, 1),
                                  {.context = 32, .threads = 3});
  ASSERT_EQ(one.size(), 1U);
  for (std::size_t i = 0; i < one[0].sum.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      ASSERT_EQ(one[0].sum.row(i)[j], all[5].sum.row(i)[j]);
    }
  }
}

TEST_F(Moments, PassesTakeAsManyInputsAsFit) {
  const std::vector<Input> inputs = {{{"a"}, 64}, {{"b"}, 64}, {{"c"}, 256}, {{"d"}, 64}};
  const std::uint64_t small = SquareMatrix::bytes_of(64);
  const auto sizes = [&](std::uint64_t bytes) {
    std::vector<std::size_t> out;
    for (const auto& pass : passes_within(inputs, bytes)) out.push_back(pass.size());
    return out;
  };
  EXPECT_EQ(sizes(2 * small), (std::vector<std::size_t>{2, 1, 1}));
  EXPECT_EQ(sizes(0), (std::vector<std::size_t>{1, 1, 1, 1}));
  EXPECT_EQ(sizes(100 * small), std::vector<std::size_t>{4});
  EXPECT_TRUE(passes_within({}, 1).empty());
}

TEST_F(Moments, NameTheMatrixWhoseInputIsNotFinite) {
  const model::Model model = load({.edit = [](const std::string& name, std::span<float> values) {
    if (name != "blk.1.ffn_norm.weight") return;
    std::fill(values.begin(), values.end(), std::numeric_limits<float>::max());
  }});
  const std::vector<Input> inputs = {
      {{"blk.1.ffn_gate.weight", "blk.1.ffn_up.weight"}, model.config.embedding}};
  try {
    (void)second_moments(model, tokens(20), inputs, {});
    FAIL() << "an infinite input was summed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("blk.1.ffn_gate"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace frugal::compress
