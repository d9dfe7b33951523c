#include <cstring>

#include "frugal/kernels/scalar/functions.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels::scalar {

namespace {

// out[n][r] = sum_c to_float(w[r][c]) * x[n][c]; memcpy because a stored row may lie anywhere.
template <class Stored, class ToFloat>
void multiply(const MatmulArgs& args, const ToFloat& to_float) {
  for (std::size_t r = 0; r < args.rows; ++r) {
    const std::byte* row = args.weights + (r * args.row_bytes);
    for (std::size_t n = 0; n < args.batch; ++n) {
      const float* x = args.x + (n * args.x_stride);
      float sum = 0.0F;
      for (std::size_t c = 0; c < args.cols; ++c) {
        Stored w{};
        std::memcpy(&w, row + (c * sizeof w), sizeof w);
        sum += to_float(w) * x[c];
      }
      args.out[(n * args.out_stride) + r] = sum;
    }
  }
}

}  // namespace

void matmul_f32(const MatmulArgs& args) {
  multiply<float>(args, [](float w) { return w; });
}

void matmul_f16(const MatmulArgs& args) {
  multiply<std::uint16_t>(args, half_to_float);
}

void matmul_bf16(const MatmulArgs& args) {
  multiply<std::uint16_t>(args, bfloat_to_float);
}

}  // namespace frugal::kernels::scalar
