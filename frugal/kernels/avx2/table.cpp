#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/tables.h"

namespace frugal::kernels::avx2 {

// Starts from the scalar table; whatever is not replaced here keeps working.
const Kernels& table() {
  static const Kernels kernels = [] {
    Kernels k = scalar::table();
    k.isa = Isa::kAvx2;
    k.rms_norm_row = rms_norm_row;
    k.layer_norm_row = layer_norm_row;
    k.matmul_f32 = matmul_f32;
    k.matmul_f16 = matmul_f16;
    k.matmul_bf16 = matmul_bf16;
    k.matmul_blocks = block_products();
    k.quantize_row = quantize_row;
    k.softmax_row = softmax_row;
    k.silu_mul_row = silu_mul_row;
    k.gelu_row = gelu_row;
    k.gelu_mul_row = gelu_mul_row;
    k.softcap_row = softcap_row;
    k.add_row = add_row;
    k.rope_row = rope_row;
    k.rope_halves_row = rope_halves_row;
    k.attend_f32 = attend_f32;
    k.attend_f16 = attend_f16;
    k.attend_q8_0 = attend_q8_0;
    k.store_f16_row = store_f16_row;
    k.round_blocks = block_rounding();
    return k;
  }();
  return kernels;
}

}  // namespace frugal::kernels::avx2
