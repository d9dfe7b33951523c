#include "frugal/train/torch/scores.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <map>
#include <string>

#include "frugal/train/torch/loss.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

class OfTiny : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    test::TinyModel tiny{.architecture = GetParam(), .embedding = 16, .layers = 1};
    tiny.heads = tiny.kv_heads = 2;
    tiny.feed_forward = 12;
    network_ = std::make_unique<Network>(
        format::TensorFile::open(test::write_tiny_model(folder_ / "m.gguf", tiny)), at::kCPU);
  }
  [[nodiscard]] at::Tensor loss() const {
    const Inputs inputs = inputs_of(batch_, at::kCPU);
    const at::Tensor hidden = network_->hidden(inputs).narrow(0, 0, 5);
    return cross_entropy_sum(network_->logits(hidden), inputs.targets.narrow(0, 0, 5)) / 5.0;
  }
  [[nodiscard]] const at::Tensor& parameter(const std::string& name) const {
    for (const Parameter& one : network_->parameters()) {
      if (one.name == name) return one.value;
    }
    throw std::runtime_error(name);
  }
  /// |w dL/dw| by moving one weight both ways.
  [[nodiscard]] double taylor(const std::string& name, std::int64_t row, std::int64_t col) const {
    constexpr double kStep = 2e-2;
    const at::NoGradGuard no_gradient;
    const at::Tensor element = parameter(name)[row][col];
    const double w = element.item<double>();
    element.fill_(w + kStep);
    const double up = loss().item<double>();
    element.fill_(w - kStep);
    const double down = loss().item<double>();
    element.fill_(w);
    return std::abs(w * (up - down) / (2.0 * kStep));
  }
  [[nodiscard]] double row(const std::string& name, std::int64_t row) const {
    double sum = 0.0;
    for (std::int64_t c = 0; c < parameter(name).size(1); ++c) sum += taylor(name, row, c);
    return sum;
  }
  [[nodiscard]] double column(const std::string& name, std::int64_t col) const {
    double sum = 0.0;
    for (std::int64_t r = 0; r < parameter(name).size(0); ++r) sum += taylor(name, r, col);
    return sum;
  }
  Scores scored(int batches = 1) {
    Scores scores(*network_);
    for (int i = 0; i < batches; ++i) {
      for (Parameter& one : network_->parameters()) {
        if (one.value.grad().defined()) one.value.mutable_grad().zero_();
      }
      torch::autograd::backward({loss()}, {});
      scores.add();
    }
    return scores;
  }
  static std::map<std::string, at::Tensor> named(const Scores& scores) {
    const auto means = scores.means();
    return {means.begin(), means.end()};
  }

  test::TempFolder folder_;
  std::unique_ptr<Network> network_;
  Batch batch_{.rows = 1,
               .length = 5,
               .tokens = {1, 40, 41, 50, 51},
               .targets = {40, 41, 50, 51, 2},
               .positions = {0, 1, 2, 3, 4},
               .segments = {1, 1, 1, 1, 1},
               .documents = {},
               .labels = {},
               .target_count = 5,
               .token_count = 5};
};

TEST_P(OfTiny, AreWhatTheLossChangesByWeightTimesSlope) {
  auto found = named(scored());
  const auto near = [&](const std::string& name, std::int64_t index, double expected) {
    EXPECT_NEAR(found.at(name)[index].item<double>(), expected, 0.02 * expected + 1e-4)
        << name << " " << index;
  };
  const bool fused = std::string(GetParam()) == "phi3";
  const std::string up = "blk.0.ffn_up.weight";
  const std::string down = "blk.0.ffn_down.weight";
  near(up + ".rows", 3, row(up, 3));
  near(down + ".cols", 7, column(down, 7));
  const double gate = fused ? row(up, 7) : row("blk.0.ffn_gate.weight", 7);
  near("blk.0.channels", 7, column(down, 7) + row(up, fused ? 12 + 7 : 7) + gate);
  double head = 0.0;  // the second: elements 8 to 15
  for (std::int64_t i = 8; i < 16; ++i) {
    head += column("blk.0.attn_output.weight", i);
    head += row(fused ? "blk.0.attn_qkv.weight" : "blk.0.attn_q.weight", i);
  }
  near("blk.0.heads", 1, head);
}

TEST_P(OfTiny, AreMeansOverBatches) {
  const auto one = named(scored());
  const auto three = named(scored(3));
  ASSERT_EQ(one.size(), three.size());
  for (const auto& [name, value] : one) EXPECT_TRUE(at::allclose(three.at(name), value)) << name;
}

TEST_P(OfTiny, AreStoredUnderTheirNames) {
  const Scores scores = scored(2);
  scores.save(folder_ / "scores.gguf");
  const auto file = format::TensorFile::open(folder_ / "scores.gguf");
  EXPECT_EQ(file->metadata().get_uint("scores.batches"), 2U);
  const auto means = scores.means();
  EXPECT_EQ(file->tensors().size(), means.size());
  for (const auto& [name, value] : means) {
    const format::TensorInfo* stored = file->find(name + ".score");
    ASSERT_NE(stored, nullptr) << name;
    ASSERT_EQ(stored->cols(), static_cast<std::uint64_t>(value.numel()));
    EXPECT_EQ(reinterpret_cast<const float*>(stored->data)[1], value[1].item<float>());
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, OfTiny, testing::Values("llama", "phi3"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace frugal::train
