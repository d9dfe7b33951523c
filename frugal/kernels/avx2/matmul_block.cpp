#include "frugal/kernels/avx2/block_parts.h"
#include "frugal/kernels/avx2/functions.h"

namespace frugal::kernels::avx2 {

namespace {

// With weights from memory, 2048 x 2048: of every type two activation rows are faster on the rows
// as stored (Q4_0 255 us against 319, Q8_0 393 against 532), three or four on panels but for Q8_0.
constexpr std::size_t kLargestFew = 2;

template <DType kType>
void multiply(const MatmulArgs& args) {
  constexpr BlockMatmul kParts{.stored = stored_block(kType),
                               .few = multiply_few<kType>,
                               .unpack = unpack<kType>,
                               .product = multiply_panel<block_format(kType)>,
                               .largest_few = kLargestFew};
  multiply_blocks(kParts, args);
}

}  // namespace

BlockProducts block_products() {
  return {.q4_0 = multiply<DType::kQ4_0>,
          .q4_1 = multiply<DType::kQ4_1>,
          .q5_0 = multiply<DType::kQ5_0>,
          .q5_1 = multiply<DType::kQ5_1>,
          .q8_0 = multiply<DType::kQ8_0>,
          .q2_k = multiply<DType::kQ2_K>,
          .q3_k = multiply<DType::kQ3_K>,
          .q4_k = multiply<DType::kQ4_K>,
          .q5_k = multiply<DType::kQ5_K>,
          .q6_k = multiply<DType::kQ6_K>,
          .iq4_nl = multiply<DType::kIQ4_NL>,
          .iq4_xs = multiply<DType::kIQ4_XS>,
          .mxfp4 = multiply<DType::kMXFP4>};
}

}  // namespace frugal::kernels::avx2
