#pragma once

/// Private to the x86 folders: the table of block products.  The folders differ in their panel
/// product alone: rows as stored are multiplied and unpacked by the avx2 folder, for a decoding
/// step waits for memory, not for wider registers.

#include "frugal/kernels/avx2/block_parts.h"

namespace frugal::kernels::avx2 {

// With weights from memory, 2048 x 2048: of every type two activation rows are faster on the rows
// as stored (Q4_0 255 us against 319, Q8_0 393 against 532), three or four on panels but for Q8_0.
inline constexpr std::size_t kLargestFew = 2;

template <class Panels, DType kType>
void multiply_type(const MatmulArgs& args) {
  constexpr BlockMatmul kParts{.stored = stored_block(kType),
                               .few = multiply_few<kType>,
                               .unpack = unpack<kType>,
                               .product = Panels::template kProduct<block_format(kType)>,
                               .largest_few = kLargestFew};
  multiply_blocks(kParts, args);
}

/// The products of all types.  `Panels::kProduct<format>` is the instruction set's multiply_panel.
template <class Panels>
BlockProducts block_products_with() {
  return {.q4_0 = multiply_type<Panels, DType::kQ4_0>,
          .q4_1 = multiply_type<Panels, DType::kQ4_1>,
          .q5_0 = multiply_type<Panels, DType::kQ5_0>,
          .q5_1 = multiply_type<Panels, DType::kQ5_1>,
          .q8_0 = multiply_type<Panels, DType::kQ8_0>,
          .q2_k = multiply_type<Panels, DType::kQ2_K>,
          .q3_k = multiply_type<Panels, DType::kQ3_K>,
          .q4_k = multiply_type<Panels, DType::kQ4_K>,
          .q5_k = multiply_type<Panels, DType::kQ5_K>,
          .q6_k = multiply_type<Panels, DType::kQ6_K>,
          .iq4_nl = multiply_type<Panels, DType::kIQ4_NL>,
          .iq4_xs = multiply_type<Panels, DType::kIQ4_XS>,
          .mxfp4 = multiply_type<Panels, DType::kMXFP4>};
}

}  // namespace frugal::kernels::avx2
