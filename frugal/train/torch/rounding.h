#pragma once

/// Private to this folder: weights as a block format will hold them, while they are trained.

#include <ATen/ATen.h>

#include "frugal/tensor/dtype.h"

namespace frugal::train {

using at::Tensor;

/// decode(encode(weights)), row by row; the gradient passes as if nothing had been rounded
/// (straight through).
///
/// Shapes:  [rows, cols], cols a multiple of the block.
/// Numbers: those of encode_row and decode_row; of rounded weights it is the identity.
/// Errors:  a type that encode_row does not know, or rows that do not fit, are a bug.
/// Source:  Bengio et al. 2013, arXiv:1308.3432, section 4.
[[nodiscard]] Tensor rounded(const Tensor& weights, DType type);

}  // namespace frugal::train
