#include "frugal/kernels/round.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "frugal/base/error.h"
#include "frugal/tensor/codec.h"

namespace frugal::kernels {

namespace {

constexpr float kLeastWeight = 1e-6F;
constexpr float kLargestHalf = 65504.0F;

/// What `type` has of its own: its search, whether that is for weighted rounding only, and how many
/// of the largest binary16 it reaches to either side.
struct Rounding {
  DType type;
  RoundRow BlockRounding::*search;
  bool weighted_only;
  float reach;
};

constexpr Rounding kRoundings[] = {
    {DType::kQ4_0, &BlockRounding::q4_0, true, 8.0F},
    {DType::kQ4_1, &BlockRounding::q4_1, true, 15.0F},
    {DType::kQ5_0, &BlockRounding::q5_0, true, 16.0F},
    {DType::kQ5_1, &BlockRounding::q5_1, true, 31.0F},
    {DType::kQ2_K, &BlockRounding::q2_k, false, 15.0F},
    {DType::kQ3_K, &BlockRounding::q3_k, false, 31.0F * 4.0F},
    {DType::kQ4_K, &BlockRounding::q4_k, false, 63.0F},
    {DType::kQ5_K, &BlockRounding::q5_k, false, 63.0F},
    {DType::kQ6_K, &BlockRounding::q6_k, false, 127.0F * 32.0F},
    {DType::kIQ4_NL, &BlockRounding::iq4_nl, false, 127.0F},
    {DType::kIQ4_XS, &BlockRounding::iq4_xs, false, 31.0F * 127.0F},
};

const Rounding* find(DType type) {
  const auto* found = std::find_if(std::begin(kRoundings), std::end(kRoundings),
                                   [type](const Rounding& each) { return each.type == type; });
  return found == std::end(kRoundings) ? nullptr : found;
}

}  // namespace

bool can_round(DType type) {
  return can_encode(type) || find(type) != nullptr;
}

float largest_roundable(DType type) {
  if (const Rounding* rounding = find(type)) return rounding->reach * kLargestHalf;
  if (type == DType::kF16) return kLargestHalf;
  return type == DType::kQ8_0 ? 127.0F * kLargestHalf : std::numeric_limits<float>::max();
}

ColumnWeights::ColumnWeights(DType type, std::size_t cols, std::span<const float> importance)
    : values_(cols, 1.0F), uniform_(importance.empty()) {
  if (uniform_) return;
  FRUGAL_CHECK(importance.size() == cols);
  const std::size_t block = traits(type).block_elements;
  for (std::size_t first = 0; first < cols; first += block) {
    const auto part = importance.subspan(first, std::min(block, cols - first));
    const double sum = std::accumulate(part.begin(), part.end(), 0.0);
    if (sum <= 0.0) continue;
    const double per_mean = static_cast<double>(part.size()) / sum;
    for (std::size_t c = 0; c < part.size(); ++c) {
      values_[first + c] = std::max(static_cast<float>(part[c] * per_mean), kLeastWeight);
    }
  }
}

void round_row(const Kernels& kernels, DType type, std::span<const float> x,
               const ColumnWeights& weights, std::byte* row) {
  FRUGAL_CHECK(can_round(type) && x.size() == weights.values().size());
  FRUGAL_CHECK(x.size() % traits(type).block_elements == 0);
  const Rounding* rounding = find(type);
  if (rounding == nullptr || (rounding->weighted_only && weights.uniform())) {
    encode_row(type, x, row);
    return;
  }
  (kernels.round_blocks.*rounding->search)(x.data(), weights.values().data(), x.size(), row);
}

}  // namespace frugal::kernels
