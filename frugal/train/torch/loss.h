#pragma once

/// Private to this folder: how wrong a batch is, as one number with a gradient.

#include <ATen/ATen.h>

#include <cstdint>

namespace frugal::train {

using at::Tensor;

/// Σ -log softmax(logits[i])[targets[i]]
///
/// Shapes: logits: [n, classes]; targets: int64 [n].
[[nodiscard]] Tensor cross_entropy_sum(const Tensor& logits, const Tensor& targets);

/// Σ_i KL(teacher[i] || softmax(student[i] / T)) T²; the T² keeps the gradient's size whatever T.
///
/// Shapes: both [n, classes]; the teacher's are probabilities at the same T, without a gradient.
/// Source: Hinton et al. 2015, arXiv:1503.02531, section 2.
[[nodiscard]] Tensor distillation_sum(const Tensor& student, const Tensor& teacher,
                                      double temperature);

/// Σ_i 1 - cos(student[i], teacher[i]): hidden states that point the same way.
///
/// Shapes: both [n, width].
/// Source: Sanh et al. 2019, arXiv:1910.01108, section 3.
[[nodiscard]] Tensor cosine_distance_sum(const Tensor& student, const Tensor& teacher);

}  // namespace frugal::train
