#include "frugal/train/torch/network.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/train/torch/loss.h"
#include "frugal/train/torch/network_for_test.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

class Gradients : public testing::TestWithParam<const char*> {
 protected:
  Network open(test::TinyModel tiny = {}) {
    tiny.architecture = GetParam();
    tiny.embedding = 16;
    tiny.heads = 2;
    tiny.kv_heads = tiny.architecture == "gpt2" || tiny.architecture == "bert" ? 2 : 1;
    tiny.feed_forward = 24;
    return {format::TensorFile::open(test::write_tiny_model(folder_ / "m.gguf", tiny)), at::kCPU};
  }
  test::TempFolder folder_;
};

/// Two documents behind a shared beginning, then padding.
Batch small_batch() {
  Batch batch;
  batch.rows = 1;
  batch.length = 10;
  batch.tokens = {1, 40, 41, 50, 51, 52, 60, 61, 0, 0};
  batch.targets = {-100, 41, -100, 51, 52, 2, 61, 2, -100, -100};
  batch.positions = {0, 1, 2, 3, 4, 5, 3, 4, 0, 0};
  batch.segments = {0, 0, 0, 1, 1, 1, 2, 2, -1, -1};
  return batch;
}

/// A number that depends on all that the network computes.
at::Tensor loss_of(const Network& network, const Inputs& inputs) {
  const at::Tensor places = inputs.targets.ne(kNoTarget).nonzero().view(-1);
  const at::Tensor hidden = network.hidden(inputs).index_select(0, places);
  if (network.model().config.causal) {
    return cross_entropy_sum(network.logits(hidden), inputs.targets.index_select(0, places));
  }
  const at::Tensor weights = at::arange(hidden.numel(), at::kFloat).mul(0.37).sin();
  return (hidden * weights.view(hidden.sizes())).sum();
}

// The slope along the gradient's own direction is its norm: one number that hangs on every element
// of the parameter, and large enough for float32.
TEST_P(Gradients, OfEveryParameterAreTheSlopesOfTheLoss) {
  Network network = open();
  const Inputs inputs = inputs_of(small_batch(), at::kCPU);
  torch::autograd::backward({loss_of(network, inputs)}, {});
  const at::NoGradGuard no_gradient;
  std::size_t reached = 0;
  for (const Parameter& parameter : network.parameters()) {
    if (!parameter.value.requires_grad() || !parameter.value.grad().defined()) continue;
    const at::Tensor gradient = parameter.value.grad();
    const double norm = gradient.norm().item<double>();
    if (norm < 1e-3) continue;  // a key's bias shifts all scores alike: its slope is 0
    ++reached;
    const double step = std::min(1e-2, 2e-2 / norm);
    const at::Tensor along = gradient / norm;
    const at::Tensor kept = parameter.value.clone();
    const auto moved = [&](double by) {
      parameter.value.copy_(kept + along * by);
      return loss_of(network, inputs).item<double>();
    };
    const double slope = (moved(step) - moved(-step)) / (2.0 * step);
    parameter.value.copy_(kept);
    EXPECT_NEAR(slope / norm, 1.0, 0.03) << parameter.name;
  }
  EXPECT_GT(reached * 10, network.parameters().size() * 7) << "most parameters have a slope";
}

TEST_P(Gradients, PaddingAndOtherDocumentsChangeNothing) {
  const Network network = open();
  const at::NoGradGuard no_gradient;
  const Batch batch = small_batch();
  Batch other = batch;
  other.tokens[8] = 77;  // padding
  other.tokens[9] = 78;
  for (std::size_t i = 3; i < 6; ++i) other.tokens[i] = 90;  // the first document
  const at::Tensor a = network.hidden(inputs_of(batch, at::kCPU));
  const at::Tensor b = network.hidden(inputs_of(other, at::kCPU));
  for (const std::int64_t kept : {0, 1, 2, 6, 7}) {
    EXPECT_TRUE(at::allclose(a[kept], b[kept], 1e-5, 1e-6)) << kept;
  }
  EXPECT_FALSE(at::allclose(a[4], b[4], 1e-3, 1e-3));
}

INSTANTIATE_TEST_SUITE_P(Architectures, Gradients,
                         testing::Values("llama", "qwen2", "qwen3", "gemma3", "phi3", "gpt2",
                                         "bert"),
                         [](const auto& one) { return std::string(one.param); });

class OfFile : public testing::Test {
 protected:
  Network open(const test::TinyModel& tiny) {
    return {format::TensorFile::open(test::write_tiny_model(folder_ / "m.gguf", tiny)), at::kCPU};
  }
  test::TempFolder folder_;
};

TEST_F(OfFile, ATiedMatrixHasOneParameterThatBothUsesTeach) {
  Network network = open({.tied = true});
  torch::autograd::backward({loss_of(network, inputs_of(small_batch(), at::kCPU))}, {});
  const Parameter& embedding = network.parameters().front();
  for (const Parameter& parameter : network.parameters()) {
    EXPECT_NE(parameter.name, "output.weight");
  }
  ASSERT_EQ(embedding.name, "token_embd.weight");
  EXPECT_GT(embedding.value.grad()[200].norm().item<double>(), 0.0) << "never read, but scored";
}

TEST_F(OfFile, DivisorsOfTheRotationAreNotLearned) {
  Network network = open({.rope_freqs = true});
  std::size_t kept = 0;
  for (const Parameter& parameter : network.parameters()) {
    kept += parameter.value.requires_grad() ? 0 : 1;
  }
  EXPECT_EQ(kept, 1U);
}

TEST_F(OfFile, EachLayerIsShownInOrder) {
  const Network network = open({.layers = 3});
  const at::NoGradGuard no_gradient;
  std::vector<std::size_t> layers;
  at::Tensor last;
  const at::Tensor hidden = network.hidden(inputs_of(small_batch(), at::kCPU),
                                           [&](std::size_t layer, const at::Tensor& x) {
                                             layers.push_back(layer);
                                             last = x;
                                           });
  EXPECT_EQ(layers, (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_TRUE(at::equal(network.final_norm(last), hidden));
}

TEST_F(OfFile, IsWrittenBackAsItCame) {
  const auto from = test::write_tiny_model(folder_ / "from.gguf", {.rope_freqs = true});
  export_again(from, folder_ / "to.gguf");
  EXPECT_TRUE(same_parameters(from, folder_ / "to.gguf"));
}

TEST_F(OfFile, AParameterThatIsNoNumberIsNotWritten) {
  Network network = open({});
  {
    const at::NoGradGuard no_gradient;
    network.parameters()[2].value.view(-1)[0] = std::numeric_limits<float>::infinity();
  }
  try {
    network.save(folder_ / "bad.gguf", DType::kF16);
    ADD_FAILURE() << "was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find(network.parameters()[2].name), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "bad.gguf"));
}

}  // namespace
}  // namespace frugal::train
