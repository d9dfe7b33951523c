#include "frugal/kernels/avx512vnni/functions.h"
#include "frugal/kernels/tables.h"

namespace frugal::kernels::avx512vnni {

// Starts from the avx512 table; only products of block formats gain from the byte products.
const Kernels& table() {
  static const Kernels kernels = [] {
    Kernels k = avx512::table();
    k.isa = Isa::kAvx512Vnni;
    k.matmul_blocks = block_products();
    return k;
  }();
  return kernels;
}

}  // namespace frugal::kernels::avx512vnni
