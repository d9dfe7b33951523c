// A block holds 32 small integers and one scale, so a row of weights times a row of activations is
//
//     sum_b  d_w[b] * d_x[b] * (sum_j q_w[b][j] * q_x[b][j])
//
// and the inner sum is an exact integer: at most 32 * 128 * 128 = 2^19, which float32 holds too.
// Instruction sets can therefore only differ in how they add the blocks.

#include <cstring>

#include "frugal/kernels/scalar/functions.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels::scalar {

namespace {

int dot(const BlockQ8_0& w, const BlockQ8_0& x) {
  int sum = 0;
  for (int j = 0; j < 32; ++j) sum += w.qs[j] * x.qs[j];
  return sum;
}

int dot(const BlockQ4_0& w, const BlockQ8_0& x) {
  int sum = 0;
  for (int j = 0; j < 16; ++j) {
    sum += ((w.qs[j] & 15) - 8) * x.qs[j];
    sum += ((w.qs[j] >> 4) - 8) * x.qs[j + 16];
  }
  return sum;
}

template <class Block>
float dot_row(const std::byte* row, const BlockQ8_0* x, std::size_t blocks) {
  float sum = 0.0F;
  for (std::size_t b = 0; b < blocks; ++b) {
    Block w{};
    std::memcpy(&w, row + (b * sizeof w), sizeof w);
    sum += half_to_float(w.d) * half_to_float(x[b].d) * static_cast<float>(dot(w, x[b]));
  }
  return sum;
}

template <class Block>
void multiply(const MatmulArgs& args) {
  const std::size_t blocks = args.cols / Block::kElements;
  for (std::size_t r = 0; r < args.rows; ++r) {
    const std::byte* row = args.weights + (r * args.row_bytes);
    for (std::size_t n = 0; n < args.batch; ++n) {
      const BlockQ8_0* x = args.x_blocks + (n * blocks);
      args.out[(n * args.out_stride) + r] = dot_row<Block>(row, x, blocks);
    }
  }
}

}  // namespace

void matmul_q8_0(const MatmulArgs& args) {
  multiply<BlockQ8_0>(args);
}

void matmul_q4_0(const MatmulArgs& args) {
  multiply<BlockQ4_0>(args);
}

}  // namespace frugal::kernels::scalar
