#include "frugal/compress/calibrate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "frugal/base/error.h"
#include "frugal/tensor/codec.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

class Calibrate : public ::testing::Test {
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

// x = rms_norm(embedding of the token) * gain, by its definition.
std::vector<double> first_input_sum2(const model::Model& model,
                                     const std::vector<text::TokenId>& ids) {
  const std::size_t cols = model.config.embedding;
  std::vector<double> sum2(cols);
  std::vector<float> row(cols);
  for (const text::TokenId id : ids) {
    const model::Weight& w = model.token_embedding;
    decode_row(w.type, w.data + (static_cast<std::size_t>(id) * w.row_bytes), row);
    double square = 0.0;
    for (const float value : row) square += static_cast<double>(value) * value;
    const double scale = 1.0 / std::sqrt((square / static_cast<double>(cols)) +
                                         static_cast<double>(model.config.norm_epsilon));
    for (std::size_t c = 0; c < cols; ++c) {
      const double x = row[c] * scale * model.layers[0].attention_norm.gain[c];
      sum2[c] += x * x;
    }
  }
  return sum2;
}

TEST_F(Calibrate, SumsTheSquaresOfWhatTheFirstMatrixGets) {
  const model::Model model = load();
  const auto ids = tokens(96);
  const Imatrix imatrix = calibrate(model, ids, {.context = 32});
  // The tiny vocabulary begins a window with <s>.
  auto seen = ids;
  for (std::size_t at = 0; at < seen.size(); at += 32)
    seen[at] = *model.tokenizer->vocabulary().bos;
  const std::vector<double> expected = first_input_sum2(model, seen);
  const InputSums& found = imatrix.tensors.at("blk.0.attn_q.weight");
  ASSERT_EQ(found.sum2.size(), expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c) {
    EXPECT_NEAR(found.sum2[c], expected[c], 1e-4 * expected[c]) << c;
  }
  EXPECT_EQ(found.counts, std::vector<double>{96.0});
  EXPECT_EQ(imatrix.chunk_count, 3U);
  EXPECT_EQ(imatrix.chunk_size, 32U);
}

TEST_F(Calibrate, SeesEveryMatrixOfTheLayersAndTheOutputOnRequest) {
  const model::Model model = load();
  const auto ids = tokens(40);
  const Imatrix imatrix = calibrate(model, ids, {.context = 20});
  for (const format::TensorInfo& tensor : model.file->tensors()) {
    if (!tensor.name.starts_with("blk.") || tensor.dims.size() < 2) continue;
    ASSERT_TRUE(imatrix.tensors.contains(tensor.name)) << tensor.name;
    EXPECT_EQ(imatrix.tensors.at(tensor.name).sum2.size(), tensor.cols());
  }
  EXPECT_FALSE(imatrix.tensors.contains("output.weight"));
  const Imatrix more = calibrate(model, ids, {.context = 20, .output = true});
  EXPECT_EQ(more.tensors.at("output.weight").counts, std::vector<double>{40.0});
  EXPECT_EQ(more.tensors.size(), imatrix.tensors.size() + 1);
}

// Phi-3 keeps query, key and value in one matrix.
TEST_F(Calibrate, AMatrixInPartsIsCountedOnce) {
  const Imatrix imatrix = calibrate(load({.architecture = "phi3"}), tokens(24), {.context = 24});
  EXPECT_EQ(imatrix.tensors.at("blk.1.attn_qkv.weight").counts, std::vector<double>{24.0});
  EXPECT_EQ(imatrix.tensors.at("blk.1.ffn_up.weight").counts, std::vector<double>{24.0});
}

TEST_F(Calibrate, IsTheSameOnAnyNumberOfThreads) {
  const model::Model model = load();
  const auto one = calibrate(model, tokens(64), {.context = 32});
  const auto two = calibrate(model, tokens(64), {.context = 32, .threads = 2});
  for (const auto& [name, sums] : one.tensors) EXPECT_EQ(sums.sum2, two.tensors.at(name).sum2);
}

TEST_F(Calibrate, RefusesWhatTeachesNothing) {
  const model::Model model = load();
  EXPECT_THROW((void)calibrate(model, tokens(1), {}), Error);
  EXPECT_THROW((void)calibrate(model, tokens(20), {.context = 3}), Error);
}

TEST_F(Calibrate, NamesTheMatrixWhoseInputIsNotFinite) {
  const model::Model model = load({.edit = [](const std::string& name, std::span<float> values) {
    if (name != "blk.1.ffn_norm.weight") return;
    std::fill(values.begin(), values.end(), std::numeric_limits<float>::max());
  }});
  try {
    (void)calibrate(model, tokens(20), {});
    FAIL() << "an infinite input was summed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("blk.1.ffn"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace frugal::compress
