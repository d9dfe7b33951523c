#pragma once

/// What a text would notice of changed weights.

#include <span>
#include <vector>

#include "frugal/compress/moments.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::compress {

/// [cols][cols] H = sum / count, both triangles.
[[nodiscard]] std::vector<float> mean_moments(const SecondMoments& moments);

/// tr(D H Dᵀ): the mean squared change, over tokens, of all outputs D x together.
///
/// Shapes:  moments: [cols][cols]; change: [rows][cols].
/// Numbers: products in float32, summed in double; infinite where it is not a number.
[[nodiscard]] double moment_loss(const kernels::Kernels& kernels, std::span<const float> moments,
                                 MatrixView<const float> change);

}  // namespace frugal::compress
