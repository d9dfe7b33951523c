#include "frugal/train/torch/loss.h"

#include <gtest/gtest.h>

#include <cmath>

namespace frugal::train {
namespace {

TEST(CrossEntropy, IsTheSurprisalOfTheTargets) {
  const at::Tensor logits = at::tensor({0.0, 0.0, std::log(2.0), 0.0}, at::kFloat).view({2, 2});
  const at::Tensor targets = at::tensor({0, 0}, at::kLong);
  const double expected = std::log(2.0) - std::log(2.0 / 3.0);
  EXPECT_NEAR(cross_entropy_sum(logits, targets).item<double>(), expected, 1e-6);
}

TEST(Distillation, IsZeroForEqualAnswersAndTheDivergenceOtherwise) {
  at::manual_seed(3);
  const at::Tensor student = at::randn({5, 7});
  const double t = 2.0;
  EXPECT_NEAR(distillation_sum(student, at::softmax(student / t, -1), t).item<double>(), 0.0, 1e-5);
  const at::Tensor p = at::softmax(at::randn({5, 7}), -1);
  double expected = 0.0;
  const at::Tensor q = at::softmax(student / t, -1);
  for (std::int64_t i = 0; i < p.numel(); ++i) {
    const double a = static_cast<double>(p.data_ptr<float>()[i]);
    expected += a * (std::log(a) - std::log(static_cast<double>(q.data_ptr<float>()[i])));
  }
  EXPECT_NEAR(distillation_sum(student, p, t).item<double>(), expected * t * t, 1e-4);
}

TEST(Distillation, TakesATeacherThatIsSure) {
  const at::Tensor student = at::zeros({1, 2});
  const at::Tensor teacher = at::tensor({1.0, 0.0}, at::kFloat).view({1, 2});
  EXPECT_NEAR(distillation_sum(student, teacher, 1.0).item<double>(), std::log(2.0), 1e-6);
}

TEST(CosineDistance, CountsDirectionsNotLengths) {
  const at::Tensor a = at::tensor({1.0, 0.0, 0.0, 2.0}, at::kFloat).view({2, 2});
  const at::Tensor b = at::tensor({5.0, 0.0, 3.0, 0.0}, at::kFloat).view({2, 2});
  EXPECT_NEAR(cosine_distance_sum(a, b).item<double>(), 1.0, 1e-6);
}

}  // namespace
}  // namespace frugal::train
