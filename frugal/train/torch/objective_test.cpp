#include "frugal/train/torch/objective.h"

#include <ATen/core/grad_mode.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/train/torch/loss.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

constexpr std::size_t kWidth = 16;

class Taught : public testing::Test {
 protected:
  std::filesystem::path tiny(const std::string& name, test::TinyModel model) {
    model.embedding = kWidth;
    model.heads = model.kv_heads = 2;
    model.layers = 1;
    model.feed_forward = 24;
    return test::write_tiny_model(folder_ / name, model);
  }
  void SetUp() override {
    teachers_ = {tiny("one.gguf", {.seed = 2}), tiny("two.gguf", {.seed = 3})};
    student_ = std::make_unique<Network>(
        format::TensorFile::open(tiny("student.gguf", {.seed = 1})), at::kCPU);
  }
  [[nodiscard]] double total(const DistillRecipe& recipe) const {
    const at::NoGradGuard no_gradient;
    return Objective(*student_, recipe).of(batch_).total.item<double>();
  }
  /// Rows before targets, and their scores.
  struct Answers {
    at::Tensor hidden;
    at::Tensor logits;
  };
  [[nodiscard]] Answers answers_of(const Network& network) const {
    const Inputs inputs = inputs_of(batch_, at::kCPU);
    const at::Tensor places = inputs.targets.ne(kNoTarget).nonzero().view(-1);
    const at::Tensor hidden = network.hidden(inputs).index_select(0, places);
    return {hidden, network.logits(hidden)};
  }

  test::TempFolder folder_;
  std::vector<std::filesystem::path> teachers_;
  std::unique_ptr<Network> student_;
  Batch batch_{.rows = 1,
               .length = 6,
               .tokens = {1, 40, 41, 50, 51, 0},
               .targets = {-100, 41, 50, 51, 2, -100},
               .positions = {0, 1, 2, 3, 4, 0},
               .segments = {1, 1, 1, 1, 1, -1},
               .documents = {},
               .labels = {},
               .target_count = 4,
               .token_count = 5};
};

TEST_F(Taught, WithoutTeachersTheLossIsTheCrossEntropy) {
  const at::NoGradGuard no_gradient;
  const Loss loss = Objective(*student_, {}).of(batch_);
  const Answers own = answers_of(*student_);
  const at::Tensor targets = at::tensor({41, 50, 51, 2}, at::kLong);
  EXPECT_NEAR(loss.hard, cross_entropy_sum(own.logits, targets).item<double>(), 1e-4);
  EXPECT_EQ(loss.total.item<double>(), loss.hard);
  EXPECT_EQ(loss.targets, 4U);
  EXPECT_EQ(loss.right, static_cast<std::uint64_t>(
                            own.logits.argmax(-1).eq(targets).sum().item<std::int64_t>()));
}

TEST_F(Taught, HardAndSoftAreMixedByTheirShares) {
  DistillRecipe recipe{.teachers = {teachers_[0]}, .temperature = 3.0};
  recipe.hard = 1.0;
  const double hard = total(recipe);
  recipe.hard = 0.0;
  const double soft = total(recipe);
  EXPECT_NEAR(hard, total({}), 1e-4);
  EXPECT_GT(soft, 0.0);
  recipe.hard = 0.3;
  EXPECT_NEAR(total(recipe), 0.3 * hard + 0.7 * soft, 1e-3);
}

TEST_F(Taught, SeveralTeachersTeachTheMeanOfTheirProbabilities) {
  const at::NoGradGuard no_gradient;
  at::Tensor mean;
  for (const std::filesystem::path& path : teachers_) {
    const Network teacher(format::TensorFile::open(path), at::kCPU);
    const at::Tensor part = at::softmax(answers_of(teacher).logits / 2.0, -1) / 2.0;
    mean = mean.defined() ? mean + part : part;
  }
  const double expected = distillation_sum(answers_of(*student_).logits, mean, 2.0).item<double>();
  EXPECT_NEAR(total({.teachers = teachers_, .temperature = 2.0, .hard = 0.0}), expected, 1e-3);
}

TEST_F(Taught, WhoIsItsOwnTeacherHasNothingToLearn) {
  const DistillRecipe recipe{.teachers = {folder_ / "student.gguf"}, .hard = 0.0, .hidden = 1.0};
  EXPECT_NEAR(total(recipe), 0.0, 1e-3);
}

TEST_F(Taught, HiddenStatesCountWithTheirWeightForEachTeacher) {
  const at::NoGradGuard no_gradient;
  DistillRecipe recipe{.teachers = teachers_, .hard = 0.5};
  const double without = total(recipe);
  recipe.hidden = 0.25;
  double apart = 0.0;
  for (const std::filesystem::path& path : teachers_) {
    const Network teacher(format::TensorFile::open(path), at::kCPU);
    apart += cosine_distance_sum(answers_of(*student_).hidden, answers_of(teacher).hidden)
                 .item<double>();
  }
  EXPECT_GT(apart, 0.1);
  EXPECT_NEAR(total(recipe) - without, 0.25 * apart, 1e-3);
}

TEST_F(Taught, EachExitIsTaughtLikeTheModelWithItsWeight) {
  const at::NoGradGuard no_gradient;
  const auto path = folder_ / "exits.gguf";
  test::TinyModel tiny{.embedding = kWidth,
                       .layers = 3,
                       .heads = 2,
                       .kv_heads = 2,
                       .feed_forward = 24,
                       .exits = {0, 1}};
  const Network student(format::TensorFile::open(test::write_tiny_model(path, tiny)), at::kCPU);
  const DistillRecipe recipe{.teachers = {teachers_[0]}, .hard = 0.4};
  const Loss with = Objective(student, recipe, {}, 0.25).of(batch_);
  const Loss without = Objective(student, recipe).of(batch_);
  EXPECT_EQ(with.hard, without.hard);
  ASSERT_EQ(with.exits.size(), 2U);

  const Inputs inputs = inputs_of(batch_, at::kCPU);
  const at::Tensor places = inputs.targets.ne(kNoTarget).nonzero().view(-1);
  const at::Tensor targets = at::tensor({41, 50, 51, 2}, at::kLong);
  const Network teacher(format::TensorFile::open(teachers_[0]), at::kCPU);
  const at::Tensor soft = at::softmax(answers_of(teacher).logits / recipe.temperature, -1);
  double added = 0.0;
  std::size_t next = 0;
  (void)student.hidden(inputs, [&](std::size_t layer, const at::Tensor& x) {
    if (layer > 1) return;
    const at::Tensor scores = student.exit_logits(layer, x.index_select(0, places));
    const double hard = cross_entropy_sum(scores, targets).item<double>();
    EXPECT_NEAR(with.exits[next++].hard, hard, 1e-4);
    added += 0.4 * hard;
    added += 0.6 * distillation_sum(scores, soft, recipe.temperature).item<double>();
  });
  EXPECT_NEAR(with.total.item<double>() - without.total.item<double>(), 0.25 * added, 1e-3);
}

TEST_F(Taught, ATeacherThatCannotAnswerIsRefused) {
  const auto refused = [&](const std::filesystem::path& teacher,
                           const std::vector<LabelGroup>& labels) -> std::string {
    try {
      (void)Objective(*student_, {.teachers = {teacher}}, labels);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    return "was taken";
  };
  EXPECT_NE(refused(tiny("bert.gguf", {.architecture = "bert"}), {}).find("scores tokens"),
            std::string::npos);
  EXPECT_NE(refused(teachers_[0], {{"kind", {"a", "b"}}}).find("0 classes for a student of 2"),
            std::string::npos);
}

}  // namespace
}  // namespace frugal::train
