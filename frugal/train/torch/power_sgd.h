#pragma once

/// Private to this folder: matrices summed over ranks as products of thin ones.

#include <cstdint>
#include <memory>

#include "frugal/train/torch/compressor.h"

namespace frugal::train {

/// PowerSGD of rank k.  For each matrix of the bucket, with M_r = x_r + e_r and Q from the step
/// before (at first random, of all ranks alike):
///
///   P = orthogonal(Σ M_r Q);  e_r = M_r - P (M_rᵀ P)ᵀ;  Q = Σ M_rᵀ P;  the sum is P Qᵀ
///
/// One step of subspace iteration, begun where the last one ended.  Vectors, and matrices that the
/// product would not make smaller, are summed as they are.
///
/// Shapes:  M: [rows, cols]; P: [rows, k]; Q: [cols, k].
/// Numbers: as Compressor.  A matrix of rank k or less is found exactly after some steps.
/// Source:  Vogels et al. 2019, arXiv:1905.13727, algorithms 1 and 2.
[[nodiscard]] std::unique_ptr<Compressor> make_power_sgd(Communicator& communicator,
                                                         const Bucket& bucket, std::int64_t k);

/// Makes the columns of x orthonormal, from the first to the last (Gram-Schmidt, modified).  What
/// vanishes becomes a random column, the same in every process.
///
/// Shapes: x: [rows, cols], rows >= cols.
void orthogonalise(const Tensor& x);

}  // namespace frugal::train
