#include "frugal/train/torch/keep_zeros.h"

#include <ATen/core/grad_mode.h>

#include <gtest/gtest.h>

#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

TEST(KeepZeros, HidesWhatBecomesOfThemAndNothingElse) {
  const test::TempFolder folder;
  test::TinyModel tiny{.architecture = "gpt2", .kv_heads = 4};
  tiny.edit = [](const std::string& name, std::span<float> values) {
    if (name == "blk.0.ffn_up.weight") values[5] = values[70] = 0.0F;
    if (name == "blk.0.ffn_up.bias") values[3] = 0.0F;  // a bias may well begin at 0
  };
  Network network(format::TensorFile::open(test::write_tiny_model(folder / "m.gguf", tiny)),
                  at::kCPU);
  network.look_through(zeros_kept(network));
  for (Parameter& parameter : network.parameters()) {
    const at::NoGradGuard no_gradient;
    parameter.value.add_(100.0);
  }
  network.save(folder / "saved.gguf", DType::kF32);
  const Network saved(format::TensorFile::open(folder / "saved.gguf"), at::kCPU);
  const at::NoGradGuard no_gradient;
  for (std::size_t i = 0; i < network.parameters().size(); ++i) {
    const Parameter& moved = network.parameters()[i];
    at::Tensor expected = moved.value.detach().clone();
    if (moved.name == "blk.0.ffn_up.weight") expected.view(-1)[5] = expected.view(-1)[70] = 0.0;
    EXPECT_TRUE(at::equal(saved.parameters()[i].value, expected)) << moved.name;
  }
}

}  // namespace
}  // namespace frugal::train
