#include "frugal/train/torch/rounding.h"

#include <ATen/Parallel.h>

#include <vector>

#include "frugal/tensor/codec.h"

namespace frugal::train {

namespace {

constexpr std::int64_t kRowsPerTask = 16;

Tensor through_codec(const Tensor& weights, DType type) {
  const Tensor in = weights.detach().to(at::kCPU, at::kFloat).contiguous();
  const Tensor out = at::empty_like(in);
  const auto cols = static_cast<std::size_t>(in.size(1));
  const float* from = in.data_ptr<float>();
  float* to = out.data_ptr<float>();
  at::parallel_for(0, in.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::byte> stored(row_bytes(type, cols).value());
    for (auto r = static_cast<std::size_t>(begin); r < static_cast<std::size_t>(end); ++r) {
      encode_row(type, {from + (r * cols), cols}, stored.data());
      decode_row(type, stored.data(), {to + (r * cols), cols});
    }
  });
  return out.to(weights.device());
}

}  // namespace

Tensor rounded(const Tensor& weights, DType type) {
  return weights + (through_codec(weights, type) - weights.detach());
}

}  // namespace frugal::train
