#include "frugal/kernels/avx2/block_products.h"
#include "frugal/kernels/avx2/functions.h"

namespace frugal::kernels::avx2 {

namespace {

struct Panels {
  template <BlockFormat kFormat>
  static constexpr auto kProduct = multiply_panel<kFormat>;
};

}  // namespace

BlockProducts block_products() {
  return block_products_with<Panels>();
}

}  // namespace frugal::kernels::avx2
