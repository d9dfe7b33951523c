#include "frugal/kernels/scalar/functions.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels::scalar {

namespace {

template <class T, class ToFloat>
void attend(const AttendArgs<T>& args, const ToFloat& to_float) {
  for (std::size_t p = 0; p < args.count; ++p) {
    const T* key = args.keys + (p * args.stride);
    float score = 0.0F;
    for (std::size_t d = 0; d < args.head_dim; ++d) score += args.q[d] * to_float(key[d]);
    args.scores[p] = score;
  }
  softmax_row(args.scores, args.count);
  for (std::size_t d = 0; d < args.head_dim; ++d) {
    float sum = 0.0F;
    for (std::size_t p = 0; p < args.count; ++p) {
      sum += args.scores[p] * to_float(args.values[(p * args.stride) + d]);
    }
    args.out[d] = sum;
  }
}

}  // namespace

void attend_f32(const AttendArgs<float>& args) {
  attend(args, [](float x) { return x; });
}

void attend_f16(const AttendArgs<std::uint16_t>& args) {
  attend(args, half_to_float);
}

}  // namespace frugal::kernels::scalar
