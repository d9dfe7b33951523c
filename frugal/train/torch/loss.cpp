#include "frugal/train/torch/loss.h"

namespace frugal::train {

Tensor cross_entropy_sum(const Tensor& logits, const Tensor& targets) {
  return at::nll_loss(at::log_softmax(logits.to(at::kFloat), -1), targets, {}, at::Reduction::Sum);
}

Tensor distillation_sum(const Tensor& student, const Tensor& teacher, double temperature) {
  const Tensor log_student = at::log_softmax(student.to(at::kFloat) / temperature, -1);
  const Tensor divergence = at::xlogy(teacher, teacher).sum() - (teacher * log_student).sum();
  return divergence * (temperature * temperature);
}

Tensor cosine_distance_sum(const Tensor& student, const Tensor& teacher) {
  return (1.0 - at::cosine_similarity(student.to(at::kFloat), teacher.to(at::kFloat), -1)).sum();
}

}  // namespace frugal::train
