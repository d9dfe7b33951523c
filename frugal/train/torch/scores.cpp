#include "frugal/train/torch/scores.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <span>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/gguf.h"

namespace frugal::train {

namespace {

// |w g| of a parameter; 0 where nothing reached it.
Tensor taylor(const Tensor& parameter) {
  const Tensor& gradient = parameter.grad();
  const Tensor weight = parameter.detach();
  return gradient.defined() ? (weight * gradient).abs() : at::zeros_like(weight);
}

}  // namespace

Scores::Scores(const Network& network) : network_(network) {}

void Scores::add_to(const std::string& name, const Tensor& value) {
  const auto found =
      std::find_if(sums_.begin(), sums_.end(), [&](const Sum& sum) { return sum.name == name; });
  if (found == sums_.end()) {
    sums_.push_back({name, value.clone()});
  } else {
    found->value.add_(value);
  }
}

// A role may be some rows of a tensor.
Tensor Scores::taylor_of(const model::Weight& weight) const {
  const format::TensorInfo* info = network_.model().file->find(weight.name);
  const auto& all = network_.parameters();
  const auto stored = std::find_if(all.begin(), all.end(), [&](const Parameter& parameter) {
    return parameter.name == weight.name;
  });
  FRUGAL_CHECK(info != nullptr && stored != all.end());
  const auto first = static_cast<std::int64_t>(static_cast<std::size_t>(weight.data - info->data) /
                                               weight.row_bytes);
  return taylor(stored->value).narrow(0, first, static_cast<std::int64_t>(weight.rows));
}

void Scores::add_layer(std::size_t index) {
  const model::Layer& layer = network_.model().layers[index];
  Tensor channels = taylor_of(layer.down.weight).sum(0) + taylor_of(layer.up.weight).sum(1);
  if (!layer.gate.weight.empty()) channels = channels + taylor_of(layer.gate.weight).sum(1);
  add_to(str("blk.{}.channels", index), channels);
  const Tensor columns =
      taylor_of(layer.attention_output.weight).sum(0) + taylor_of(layer.query.weight).sum(1);
  const auto heads = static_cast<std::int64_t>(network_.model().config.heads);
  add_to(str("blk.{}.heads", index), columns.view({heads, -1}).sum(1));
}

void Scores::add() {
  const at::NoGradGuard no_gradient;
  for (const Parameter& parameter : network_.parameters()) {
    if (parameter.value.dim() != 2 || !parameter.value.requires_grad()) continue;
    const Tensor products = taylor(parameter.value);
    add_to(parameter.name + ".rows", products.sum(1));
    add_to(parameter.name + ".cols", products.sum(0));
  }
  for (std::size_t i = 0; i < network_.model().layers.size(); ++i) add_layer(i);
  ++batches_;
}

std::vector<std::pair<std::string, Tensor>> Scores::means() const {
  std::vector<std::pair<std::string, Tensor>> out;
  for (const Sum& sum : sums_) {
    out.emplace_back(sum.name,
                     sum.value / static_cast<double>(std::max<std::uint64_t>(1, batches_)));
  }
  return out;
}

void Scores::save(const std::filesystem::path& path) const {
  format::Metadata metadata;
  metadata.set("general.architecture", std::string("frugal-scores"));
  metadata.set("scores.kind", std::string("taylor"));
  metadata.set("scores.batches", batches_);
  metadata.set("scores.model", network_.model().file->path());
  std::vector<format::TensorSource> sources;
  for (const auto& [name, mean] : means()) {
    const Tensor stored = mean.to(at::kCPU).contiguous();
    if (!at::isfinite(stored).all().item<bool>()) {
      throw Error(ErrorKind::kCorrupt,
                  str("{}: score '{}' is not finite, expected numbers", path.string(), name));
    }
    format::TensorSource source;
    source.name = name + ".score";
    source.dims = {static_cast<std::uint64_t>(stored.numel())};
    source.produce = [stored](const format::TensorSource::Sink& sink) {
      sink(std::as_bytes(
          std::span(stored.data_ptr<float>(), static_cast<std::size_t>(stored.numel()))));
    };
    sources.push_back(std::move(source));
  }
  format::write_gguf(path, metadata, sources);
}

}  // namespace frugal::train
