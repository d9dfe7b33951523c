#include "frugal/kernels/avx2/block_products.h"
#include "frugal/kernels/avx512/block_parts.h"
#include "frugal/kernels/avx512/functions.h"

namespace frugal::kernels::avx512 {

namespace {

struct Panels {
  template <BlockFormat kFormat>
  static constexpr auto kProduct = multiply_panel<kFormat>;
};

}  // namespace

BlockProducts block_products() {
  return avx2::block_products_with<Panels>();
}

}  // namespace frugal::kernels::avx512
