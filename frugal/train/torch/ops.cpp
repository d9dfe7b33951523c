#include "frugal/train/torch/ops.h"

#include <limits>
#include <utility>

namespace frugal::train {

Visibility::Visibility(Tensor segments, Tensor positions, std::int64_t rows,
                       std::vector<Block> blocks, bool causal)
    : segments_(segments.view({rows, -1})),
      positions_(positions.view({rows, -1})),
      rows_(rows),
      blocks_(std::move(blocks)),
      causal_(causal) {}

const Tensor& Visibility::mask(std::size_t window) {
  for (const Mask& known : masks_) {
    if (known.window == window) return known.values;
  }
  const std::int64_t length = segments_.size(1);
  const Tensor reader = segments_.unsqueeze(2);  // [rows, length, 1]
  const Tensor read = segments_.unsqueeze(1);    // [rows, 1, length]
  Tensor visible = reader.eq(read).logical_or(read.eq(0).logical_and(reader.ge(0)));
  const Tensor place = at::arange(length, segments_.options());
  const Tensor itself = place.unsqueeze(1).eq(place.unsqueeze(0));
  if (causal_) visible = visible.logical_and(place.unsqueeze(0).le(place.unsqueeze(1)));
  if (window > 0) {
    const Tensor distance = positions_.unsqueeze(2) - positions_.unsqueeze(1);
    visible = visible.logical_and(distance.lt(static_cast<std::int64_t>(window)));
  }
  visible = at::where(reader.lt(0), itself.unsqueeze(0), visible);
  const Tensor values =
      at::zeros(visible.sizes(), visible.options().dtype(at::kFloat))
          .masked_fill_(visible.logical_not(), -std::numeric_limits<double>::infinity());
  masks_.push_back({window, values.unsqueeze(1)});
  return masks_.back().values;
}

Tensor rms_norm(const Tensor& x, const Tensor& gain, double epsilon) {
  return x * at::rsqrt(x.square().mean(-1, /*keepdim=*/true) + epsilon) * gain;
}

Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, double epsilon) {
  return at::layer_norm(x, {x.size(-1)}, gain, bias, epsilon);
}

Tensor rotate(const Tensor& x, const Tensor& cosines, const Tensor& sines, model::RopePairs pairs) {
  const std::int64_t count = cosines.size(1);
  const std::int64_t dim = x.size(2);
  const Tensor c = cosines.unsqueeze(1);
  const Tensor s = sines.unsqueeze(1);
  Tensor turned;
  if (pairs == model::RopePairs::kInterleaved) {
    const Tensor two = x.slice(2, 0, 2 * count).unflatten(2, {count, 2});
    const Tensor a = two.select(3, 0);
    const Tensor b = two.select(3, 1);
    turned = at::stack({a * c - b * s, a * s + b * c}, 3).flatten(2, 3);
  } else {
    const Tensor a = x.slice(2, 0, count);
    const Tensor b = x.slice(2, count, 2 * count);
    turned = at::cat({a * c - b * s, a * s + b * c}, 2);
  }
  return 2 * count == dim ? turned : at::cat({turned, x.slice(2, 2 * count, dim)}, 2);
}

namespace {

Tensor capped(const Tensor& scores, const model::Config& config) {
  if (config.attention_softcap <= 0.0F) return scores;
  const auto cap = static_cast<double>(config.attention_softcap);
  return cap * at::tanh(scores / cap);
}

}  // namespace

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const model::Config& config,
              Visibility& visible, std::size_t window) {
  if (q.is_cpu() && q.scalar_type() == at::kFloat && window == 0 &&
      config.attention_softcap <= 0.0F) {
    return attend_by_block(q, k, v, static_cast<double>(config.query_scale), visible.blocks(),
                           visible.causal());
  }
  return attend_by_mask(q, k, v, config, visible.mask(window));
}

Tensor attend_by_mask(const Tensor& q, const Tensor& k, const Tensor& v,
                      const model::Config& config, const Tensor& mask) {
  const std::int64_t rows = mask.size(0);
  const std::int64_t length = mask.size(2);
  const auto group = static_cast<std::int64_t>(config.heads / config.kv_heads);
  const auto by_head = [&](const Tensor& x, std::int64_t repeats) {  // [rows, heads, length, dim]
    const Tensor split = x.view({rows, length, x.size(1), x.size(2)});
    return (repeats > 1 ? split.repeat_interleave(repeats, 2) : split).transpose(1, 2);
  };
  const Tensor scores = at::matmul(by_head(q, 1) * static_cast<double>(config.query_scale),
                                   by_head(k, group).transpose(-1, -2));
  const Tensor weights = at::softmax(capped(scores, config) + mask, -1);
  const Tensor out = at::matmul(weights, by_head(v, group));
  return out.transpose(1, 2).reshape({rows * length, -1});
}

Tensor activate(model::Activation activation, const Tensor& gate, const Tensor& up) {
  switch (activation) {
    case model::Activation::kSiluGated:
      return at::silu(gate) * up;
    case model::Activation::kGeluGated:
      return at::gelu(gate, "tanh") * up;
    case model::Activation::kGelu:
      return at::gelu(up, "tanh");
  }
  return up;
}

}  // namespace frugal::train
