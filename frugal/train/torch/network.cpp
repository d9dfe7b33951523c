#include "frugal/train/torch/network.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/tensor_names.h"
#include "frugal/tensor/codec.h"

// The description that `model` makes of a file says which matrix has which role and where in its
// tensor it lies; here the same roles are read from tensors that have gradients.  So whatever
// `model` can describe can be trained, and what is trained is written back under the names and in
// the layout it came with.

namespace frugal::train {

namespace {

using format::TensorInfo;

std::vector<std::int64_t> shape_of(const TensorInfo& info) {
  std::vector<std::int64_t> shape(info.dims.rbegin(), info.dims.rend());
  return shape;
}

Tensor decode(const format::TensorFile& file, const TensorInfo& info) {
  if (!can_decode(info.type)) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: tensor '{}' has type {}, expected one that can be decoded", file.path(),
                    info.name, name(info.type)));
  }
  const Tensor out = at::empty(shape_of(info), at::kFloat);
  const std::size_t cols = info.cols();
  const std::size_t bytes = row_bytes(info.type, cols).value();
  for (std::size_t r = 0; r < info.rows(); ++r) {
    decode_row(info.type, info.data + (r * bytes), {out.data_ptr<float>() + (r * cols), cols});
  }
  return out;
}

// angles[p][i] = p * frequencies[i]
Tensor angle_table(const model::Angles& angles, std::size_t positions, const at::Device& device) {
  const auto pairs = static_cast<std::int64_t>(angles.frequencies.size());
  const Tensor frequencies = at::empty({pairs}, at::kDouble);
  std::copy(angles.frequencies.begin(), angles.frequencies.end(), frequencies.data_ptr<double>());
  const Tensor p = at::arange(static_cast<std::int64_t>(positions), at::kDouble);
  return at::outer(p, frequencies).to(device);
}

// Runs of one segment, padding left out.
std::vector<Block> blocks_of(const Batch& batch) {
  std::vector<Block> blocks;
  for (std::uint64_t row = 0; row < batch.rows; ++row) {
    const auto first = static_cast<std::int64_t>(row * batch.length);
    std::int64_t shared = 0;
    for (std::uint64_t at = 0; at < batch.length;) {
      const std::int32_t segment = batch.segments[static_cast<std::size_t>(first) + at];
      std::uint64_t end = at + 1;
      while (end < batch.length &&
             batch.segments[static_cast<std::size_t>(first) + end] == segment) {
        ++end;
      }
      const auto length = static_cast<std::int64_t>(end - at);
      if (segment == kSharedSegment) shared = length;
      if (segment != kPaddingSegment) {
        blocks.push_back({first + static_cast<std::int64_t>(at), length, first,
                          segment == kSharedSegment ? 0 : shared});
      }
      at = end;
    }
  }
  return blocks;
}

}  // namespace

Tensor to_device(const std::vector<std::int64_t>& values, const at::Device& device) {
  const Tensor out = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), out.data_ptr<std::int64_t>());
  return out.to(device);
}

Inputs inputs_of(const Batch& batch, const at::Device& device) {
  const std::vector<std::int64_t> segments(batch.segments.begin(), batch.segments.end());
  return {.tokens = to_device(batch.tokens, device),
          .positions = to_device(batch.positions, device),
          .segments = to_device(segments, device),
          .targets = to_device(batch.targets, device),
          .rows = static_cast<std::int64_t>(batch.rows),
          .blocks = blocks_of(batch)};
}

struct Network::Turns {
  std::vector<std::pair<Tensor, Tensor>> of;  ///< cosines and sines by rotation: [tokens, pairs]
};

Network::Network(std::shared_ptr<const format::TensorFile> file, const at::Device& device)
    : model_(model::describe(std::move(file))), device_(device) {
  for (const TensorInfo& info : model_.file->tensors()) {
    Tensor value = decode(*model_.file, info).to(device_);
    // Divisors of the rotation are part of the shape, not learned.
    const bool learned = !info.name.starts_with("rope_");
    value.set_requires_grad(learned);
    by_name_.emplace(info.name, parameters_.size());
    parameters_.push_back({info.name, value});
  }
  for (const model::Rotation& rotation : model_.rotations) {
    angles_.push_back(angle_table(rotation.usual, model_.config.context_length, device_));
  }
}

std::int64_t Network::parameter_count() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters_) count += parameter.value.numel();
  return count;
}

void Network::look_through(Lens lens) {
  if (!lens_) {
    lens_ = std::move(lens);
    return;
  }
  lens_ = [first = std::move(lens_), second = std::move(lens)](const std::string& name,
                                                               const Tensor& value) {
    return second(name, first(name, value));
  };
}

Tensor Network::value(const std::string& name) const {
  const auto found = by_name_.find(name);
  FRUGAL_CHECK(found != by_name_.end());
  const Tensor& stored = parameters_[found->second].value;
  return lens_ ? lens_(name, stored) : stored;
}

// A role may be some rows of a tensor, as in phi3's fused matrices.
Tensor Network::rows_of(const model::Weight& weight) const {
  const TensorInfo* info = model_.file->find(weight.name);
  FRUGAL_CHECK(info != nullptr);
  const Tensor whole = value(weight.name);
  const auto first = static_cast<std::int64_t>(static_cast<std::size_t>(weight.data - info->data) /
                                               weight.row_bytes);
  return whole.narrow(0, first, static_cast<std::int64_t>(weight.rows));
}

Tensor Network::bias_of(const model::Linear& linear) const {
  const std::string& name = linear.weight.name;
  const TensorInfo* info = model_.file->find(name);
  const auto first = static_cast<std::int64_t>(
      static_cast<std::size_t>(linear.weight.data - info->data) / linear.weight.row_bytes);
  const std::string bias = name.substr(0, name.size() - std::string_view("weight").size()) + "bias";
  return value(bias).narrow(0, first, static_cast<std::int64_t>(linear.weight.rows));
}

Tensor Network::linear(const model::Linear& linear, const Tensor& x) const {
  const Tensor w = rows_of(linear.weight);
  return linear.bias.empty() ? at::linear(x, w) : at::linear(x, w, bias_of(linear));
}

Tensor Network::norm(const model::Norm& norm, const Tensor& x) const {
  if (norm.empty()) return x;
  const auto epsilon = static_cast<double>(model_.config.norm_epsilon);
  const Tensor gain = value(norm.name + ".weight");
  if (model_.config.norm == model::NormKind::kRms) return rms_norm(x, gain, epsilon);
  return layer_norm(x, gain, value(norm.name + ".bias"), epsilon);
}

Tensor Network::embed(const Inputs& inputs) const {
  Tensor x = at::embedding(value(model_.token_embedding.name), inputs.tokens);
  if (model_.config.embedding_scale != 1.0F) {
    x = x * static_cast<double>(model_.config.embedding_scale);
  }
  if (!model_.position_embedding.empty()) {
    x = x + at::embedding(value(model_.position_embedding.name), inputs.positions);
  }
  if (!model_.type_embedding.empty()) x = x + value("token_types.weight").select(0, 0);
  return norm(model_.embedding_norm, x);
}

Network::Turns Network::turns_of(const Tensor& positions) const {
  Turns turns;
  for (std::size_t i = 0; i < angles_.size(); ++i) {
    const Tensor angles = angles_[i].index_select(0, positions);
    const auto magnitude = static_cast<double>(model_.rotations[i].usual.magnitude);
    turns.of.emplace_back((at::cos(angles) * magnitude).to(at::kFloat),
                          (at::sin(angles) * magnitude).to(at::kFloat));
  }
  return turns;
}

Tensor Network::attention(const model::Layer& layer, const Tensor& x, const Turns& turns,
                          Visibility& visible) const {
  const model::Config& c = model_.config;
  const Tensor h = norm(layer.attention_norm, x);
  const auto heads_of = [&](const model::Linear& role, std::size_t heads) {
    return linear(role, h).view(
        {-1, static_cast<std::int64_t>(heads), static_cast<std::int64_t>(c.head_dim)});
  };
  Tensor q = norm(layer.query_norm, heads_of(layer.query, c.heads));
  Tensor k = norm(layer.key_norm, heads_of(layer.key, c.kv_heads));
  if (c.rope_dims > 0) {
    const auto& [cosines, sines] = turns.of[layer.rotation];
    q = rotate(q, cosines, sines, c.rope_pairs);
    k = rotate(k, cosines, sines, c.rope_pairs);
  }
  const Tensor out = attend(q, k, heads_of(layer.value, c.kv_heads), c, visible, layer.window);
  return linear(layer.attention_output, out);
}

Tensor Network::mlp(const model::Layer& layer, const Tensor& x) const {
  const Tensor h = norm(layer.mlp_norm, x);
  const Tensor up = linear(layer.up, h);
  const Tensor gate = layer.gate.weight.empty() ? up : linear(layer.gate, h);
  return linear(layer.down, activate(model_.config.activation, gate, up));
}

Tensor Network::join(const Tensor& x, const Tensor& delta, const model::Norm& post,
                     const model::Norm& end) const {
  return norm(end, x + norm(post, delta));
}

Tensor Network::hidden(const Inputs& inputs, const LayerFn& after_layer) const {
  Visibility visible(inputs.segments, inputs.positions, inputs.rows, inputs.blocks,
                     model_.config.causal);
  const Turns turns = turns_of(inputs.positions);
  Tensor x = embed(inputs);
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    const model::Layer& layer = model_.layers[i];
    x = join(x, attention(layer, x, turns, visible), layer.attention_post_norm,
             layer.attention_end_norm);
    x = join(x, mlp(layer, x), layer.mlp_post_norm, layer.mlp_end_norm);
    if (after_layer) after_layer(i, x);
  }
  return final_norm(x);
}

Tensor Network::final_norm(const Tensor& x) const {
  return norm(model_.output_norm, x);
}

Tensor Network::logits(const Tensor& hidden) const {
  const Tensor out = linear(model_.output, hidden);
  if (model_.config.logit_softcap <= 0.0F) return out;
  const auto cap = static_cast<double>(model_.config.logit_softcap);
  return cap * at::tanh(out / cap);
}

Tensor Network::exit_logits(std::size_t layer, const Tensor& x) const {
  return logits(norm(model_.layers[layer].exit_norm, x));
}

Tensor Network::classify(const Tensor& pooled) const {
  FRUGAL_CHECK(model_.classifier.has_value());
  const model::Classifier& classifier = *model_.classifier;
  if (classifier.dense.weight.empty()) return linear(classifier.output, pooled);
  return linear(classifier.output, at::tanh(linear(classifier.dense, pooled)));
}

void Network::save(const std::filesystem::path& path, DType type,
                   const format::Metadata& further) const {
  format::Metadata metadata = model_.file->metadata();
  for (const format::MetaEntry& entry : further.entries()) metadata.set(entry.key, entry.value);
  metadata.set("general.file_type", model::file_type(type));
  std::vector<format::TensorSource> sources;
  for (const TensorInfo& info : model_.file->tensors()) {
    const bool fits = row_bytes(type, info.cols()).has_value();
    const DType to = model::is_rounded(info) ? (fits ? type : DType::kF16) : DType::kF32;
    const auto produce = [this, to, &info, &path](const format::TensorSource::Sink& sink) {
      const at::NoGradGuard no_gradient;
      const Tensor stored = value(info.name).to(at::kCPU, at::kFloat).contiguous();
      if (!at::isfinite(stored).all().item<bool>()) {
        throw Error(ErrorKind::kCorrupt,
                    str("{}: parameter '{}' has become infinite or NaN, expected finite numbers",
                        path.string(), info.name));
      }
      const std::size_t cols = info.cols();
      std::vector<std::byte> row(row_bytes(to, cols).value());
      for (std::size_t r = 0; r < info.rows(); ++r) {
        encode_row(to, {stored.data_ptr<float>() + (r * cols), cols}, row.data());
        sink(row);
      }
    };
    sources.push_back({.name = info.name, .type = to, .dims = info.dims, .produce = produce});
  }
  format::write_gguf(path, metadata, sources);
}

}  // namespace frugal::train
