#include "frugal/kernels/scalar/functions.h"
#include "frugal/kernels/tables.h"

namespace frugal::kernels::scalar {

const Kernels& table() {
  static const Kernels kernels{.isa = Isa::kScalar,
                               .rms_norm_row = rms_norm_row,
                               .layer_norm_row = layer_norm_row,
                               .matmul_f32 = matmul_f32,
                               .matmul_f16 = matmul_f16,
                               .matmul_bf16 = matmul_bf16,
                               .matmul_blocks = block_products(),
                               .quantize_row = quantize_row,
                               .softmax_row = softmax_row,
                               .silu_mul_row = silu_mul_row,
                               .gelu_row = gelu_row,
                               .gelu_mul_row = gelu_mul_row,
                               .softcap_row = softcap_row,
                               .add_row = add_row,
                               .rope_row = rope_row,
                               .rope_halves_row = rope_halves_row,
                               .attend_f32 = attend_f32,
                               .attend_f16 = attend_f16,
                               .attend_q8_0 = attend_q8_0,
                               .store_f16_row = store_f16_row,
                               .round_blocks = block_rounding()};
  return kernels;
}

}  // namespace frugal::kernels::scalar
