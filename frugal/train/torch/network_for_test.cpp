#include "frugal/train/torch/network_for_test.h"

#include <ATen/core/grad_mode.h>

#include "frugal/train/torch/network.h"

namespace frugal::train {

namespace {

PlainRows plain(const Tensor& tensor) {
  const Tensor whole = tensor.contiguous();
  const float* first = whole.data_ptr<float>();
  return {static_cast<std::size_t>(whole.size(1)), {first, first + whole.numel()}};
}

Network open(const std::filesystem::path& path) {
  return {format::TensorFile::open(path), at::kCPU};
}

}  // namespace

PlainForward plain_forward(const std::filesystem::path& model, const Batch& batch) {
  const at::NoGradGuard no_gradient;
  const Network network = open(model);
  PlainForward out;
  const Tensor hidden =
      network.hidden(inputs_of(batch, at::kCPU), [&](std::size_t layer, const Tensor& x) {
        if (network.model().layers[layer].exit_norm.empty()) return;
        out.exits.push_back(plain(network.exit_logits(layer, x)));
      });
  out.hidden = plain(hidden);
  if (network.model().config.causal) out.logits = plain(network.logits(hidden));
  return out;
}

bool same_parameters(const std::filesystem::path& a, const std::filesystem::path& b) {
  const Network first = open(a);
  const Network second = open(b);
  if (first.parameters().size() != second.parameters().size()) return false;
  for (std::size_t i = 0; i < first.parameters().size(); ++i) {
    const Parameter& one = first.parameters()[i];
    const Parameter& other = second.parameters()[i];
    if (one.name != other.name || !at::equal(one.value, other.value)) return false;
  }
  return true;
}

void export_again(const std::filesystem::path& from, const std::filesystem::path& to) {
  open(from).save(to, DType::kF32);
}

}  // namespace frugal::train
