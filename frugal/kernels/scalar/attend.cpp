// The reference: each row alone, all its scores first, then their softmax, then the sum.  The
// vector twins keep a running softmax instead and never hold more than a page of scores.

#include <vector>

#include "frugal/kernels/scalar/functions.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels::scalar {

namespace {

/// Reads one number of a block, whatever it is stored as.
struct PlainF32 {
  std::size_t head_dim;
  [[nodiscard]] float key(const std::byte* block, std::size_t position, std::size_t d) const {
    return reinterpret_cast<const float*>(block)[(d * kPagePositions) + position];
  }
  [[nodiscard]] float value(const std::byte* block, std::size_t position, std::size_t d) const {
    const std::size_t at = (kPagePositions * head_dim) + (position * head_dim) + d;
    return reinterpret_cast<const float*>(block)[at];
  }
};

struct PlainF16 {
  std::size_t head_dim;
  [[nodiscard]] float key(const std::byte* block, std::size_t position, std::size_t d) const {
    const auto* halves = reinterpret_cast<const std::uint16_t*>(block);
    return half_to_float(halves[(d * kPagePositions) + position]);
  }
  [[nodiscard]] float value(const std::byte* block, std::size_t position, std::size_t d) const {
    const std::size_t at = (kPagePositions * head_dim) + (position * head_dim) + d;
    return half_to_float(reinterpret_cast<const std::uint16_t*>(block)[at]);
  }
};

struct Scaled8 {
  std::size_t head_dim;
  [[nodiscard]] const std::uint16_t* scales(const std::byte* block) const {
    return reinterpret_cast<const std::uint16_t*>(block + (2 * kPagePositions * head_dim));
  }
  [[nodiscard]] float key(const std::byte* block, std::size_t position, std::size_t d) const {
    const auto* q = reinterpret_cast<const std::int8_t*>(block);
    return half_to_float(scales(block)[(d / 32 * kPagePositions) + position]) *
           static_cast<float>(q[(d * kPagePositions) + position]);
  }
  [[nodiscard]] float value(const std::byte* block, std::size_t position, std::size_t d) const {
    const auto* q = reinterpret_cast<const std::int8_t*>(block) + (kPagePositions * head_dim);
    const std::size_t groups = head_dim / 32;
    const std::uint16_t* of_values = scales(block) + (kPagePositions * groups);
    return half_to_float(of_values[(position * groups) + (d / 32)]) *
           static_cast<float>(q[(position * head_dim) + d]);
  }
};

template <class Stored>
void attend_row(const AttendArgs& args, const Stored& stored, std::size_t row) {
  const float* q = args.q[row];
  std::vector<float> scores;
  for (std::size_t p = args.begin[row]; p < args.end[row]; ++p) {
    const std::byte* block = args.pages[p / kPagePositions];
    float score = 0.0F;
    for (std::size_t d = 0; d < args.head_dim; ++d) {
      score += q[d] * stored.key(block, p % kPagePositions, d);
    }
    scores.push_back(score);
  }
  if (args.softcap > 0.0F) softcap_row(scores.data(), args.softcap, scores.size());
  softmax_row(scores.data(), scores.size());
  float* out = args.out[row];
  for (std::size_t d = 0; d < args.head_dim; ++d) {
    float sum = 0.0F;
    for (std::size_t p = args.begin[row]; p < args.end[row]; ++p) {
      const std::byte* block = args.pages[p / kPagePositions];
      sum += scores[p - args.begin[row]] * stored.value(block, p % kPagePositions, d);
    }
    out[d] = sum;
  }
}

template <class Stored>
void attend(const AttendArgs& args) {
  for (std::size_t r = 0; r < args.rows; ++r) attend_row(args, Stored{args.head_dim}, r);
}

}  // namespace

void attend_f32(const AttendArgs& args) {
  attend<PlainF32>(args);
}

void attend_f16(const AttendArgs& args) {
  attend<PlainF16>(args);
}

void attend_q8_0(const AttendArgs& args) {
  attend<Scaled8>(args);
}

}  // namespace frugal::kernels::scalar
