#include "frugal/train/torch/trainer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/model.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

/// A folder with a text to learn and a model to start from.
class Training : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "text.txt") << test::tiny_text(3000);
    std::ofstream(folder_ / "other.txt") << test::tiny_text(400, 9);
    (void)test::write_tiny_model(folder_ / "start.gguf", {.embedding = 32, .feed_forward = 48});
  }

  [[nodiscard]] Recipe recipe(const std::string& name, std::uint64_t steps) const {
    Recipe r;
    r.name = name;
    r.output = folder_ / name;
    r.steps = steps;
    r.validate_every = 4;
    r.checkpoint_minutes = 1e9;
    r.type = "f32";
    r.device = "cpu";
    r.model.from = folder_ / "start.gguf";
    r.data.kind = DataKind::kText;
    r.data.train = {folder_ / "text.txt"};
    r.data.validation = {folder_ / "other.txt"};
    r.data.length = 32;
    r.data.rows = 4;
    r.optimizer.rate = 3e-3;
    r.schedule.decay = Decay::kCosine;
    r.schedule.steps = 12;
    return r;
  }

  /// Runs and notes the loss of each step, indexed by step.
  static std::vector<double> losses_of(const Recipe& r, std::uint64_t stop_after = 0) {
    std::vector<double> losses(r.steps + 1, 0.0);
    const auto note = [&](const TrainProgress& p) {
      if (p.stage != "train") return;
      losses.at(p.step) = p.loss;
      if (stop_after > 0 && p.step == stop_after) throw std::runtime_error("stop");
    };
    try {
      (void)Trainer(r, {.progress = note}).run();
    } catch (const std::runtime_error& stopped) {
      if (std::string(stopped.what()) != "stop") throw;
    }
    return losses;
  }

  test::TempFolder folder_;
};

std::string message_of(const std::function<void()>& action, ErrorKind kind) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST_F(Training, MakesTheLossFallAndWritesAModelThatLoads) {
  const Recipe r = recipe("falls", 12);
  const std::vector<double> losses = losses_of(r);
  EXPECT_LT(losses[12], losses[1] - 0.2);
  const model::Model model = model::load(r.output / "falls.gguf");
  EXPECT_EQ(model.config.embedding, 32U);
  EXPECT_FALSE(std::filesystem::is_empty(r.output / "events"));
}

TEST_F(Training, AStoppedRunGoesOnWithTheSameLosses) {
  const std::vector<double> whole = losses_of(recipe("whole", 12));
  const Recipe r = recipe("parts", 12);
  const std::vector<double> first = losses_of(r, 5);
  const std::vector<double> second = losses_of(r);
  for (std::size_t step = 1; step <= 12; ++step) {
    const double found = step <= 5 ? first[step] : second[step];
    EXPECT_NEAR(found, whole[step], 1e-6) << "step " << step;
    if (step <= 5) {
      EXPECT_EQ(second[step], 0.0) << "was computed twice";
    }
  }
}

TEST_F(Training, PassesOverADamagedCheckpointAndSaysSo) {
  Recipe r = recipe("damaged", 4);
  r.schedule.steps = 12;
  (void)losses_of(r);
  r.steps = 8;
  (void)losses_of(r);
  std::fstream file(r.output / "checkpoint-8.gguf",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-64, std::ios::end);
  file.write("damaged!", 8);
  file.close();
  r.steps = 10;
  const TrainOutcome outcome = Trainer(r, {}).run();
  EXPECT_EQ(outcome.resumed_at, 4U);
  ASSERT_EQ(outcome.notes.size(), 1U);
  EXPECT_NE(outcome.notes[0].find("checkpoint-8.gguf: checksum"), std::string::npos);
}

TEST_F(Training, RefusesTheCheckpointOfAnotherModel) {
  Recipe r = recipe("other", 2);
  (void)losses_of(r);
  r.data.length = 16;
  const std::string message =
      message_of([&] { (void)Trainer(r, {}).run(); }, ErrorKind::kInvalidArgument);
  EXPECT_NE(message.find("another recipe"), std::string::npos);
  EXPECT_EQ(Trainer(r, {.fresh = true}).run().resumed_at, 0U);
}

TEST_F(Training, ALossThatIsNoNumberEndsTheRunAndKeepsTheCheckpoint) {
  Recipe r = recipe("nan", 2);
  (void)losses_of(r);
  r.steps = 40;
  r.schedule.steps = 40;
  r.optimizer.rule = "adamw";
  r.optimizer.rate = 1e30;
  const std::string message = message_of([&] { (void)Trainer(r, {}).run(); }, ErrorKind::kCorrupt);
  EXPECT_NE(message.find("the loss is"), std::string::npos) << message;
  EXPECT_TRUE(std::filesystem::exists(r.output / "checkpoint-2.gguf"));
  EXPECT_FALSE(std::filesystem::exists(r.output / "checkpoint-3.gguf"));
}

TEST_F(Training, AccumulatedBatchesAreOneLargeBatch) {
  Recipe large = recipe("large", 3);
  large.data.rows = 8;
  Recipe small = recipe("small", 3);
  small.data.rows = 4;
  small.data.accumulate = 2;
  const std::vector<double> a = losses_of(large);
  const std::vector<double> b = losses_of(small);
  for (std::size_t step = 1; step <= 3; ++step) EXPECT_NEAR(a[step], b[step], 1e-4);
}

TEST_F(Training, AStudentLearnsItsTeachersAnswers) {
  Recipe r = recipe("student", 10);
  r.distill.teachers = {folder_ / "start.gguf"};
  r.distill.hard = 0.0;
  r.model.keep = {0};
  std::vector<double> losses = losses_of(r);
  EXPECT_LT(losses[10], losses[1]);
  EXPECT_EQ(model::load(r.output / "student.gguf").config.layers, 1U);
}

TEST_F(Training, ExitsLearnToAnswerToo) {
  Recipe r = recipe("exits", 16);
  r.exits = {.layers = {0}, .weight = 0.5};
  r.schedule.steps = 16;
  std::vector<ExitFigures> seen;
  const auto note = [&](const TrainProgress& p) {
    if (p.validation) seen.push_back(p.exits.at(0));
  };
  (void)Trainer(r, {.progress = note}).run();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen.back().layer, 0U);
  EXPECT_LT(seen.back().loss, seen.front().loss - 0.2);
  EXPECT_GT(seen.back().accuracy, seen.front().accuracy);
  const model::Model model = model::load(r.output / "exits.gguf");
  EXPECT_EQ(model.exits(), (std::vector<std::size_t>{0}));
  EXPECT_NE(model.layers[0].exit_norm.gain, model.output_norm.gain) << "a norm of its own";
}

TEST_F(Training, GatesCloseAndAreFoldedIntoTheModel) {
  Recipe r = recipe("gates", 60);
  r.schedule.steps = 60;
  r.l0.target = 0.5;
  r.l0.multiplier_rate = 1.0;
  double validation = 0.0;
  const auto note = [&](const TrainProgress& p) { validation = p.validation.value_or(validation); };
  const TrainOutcome outcome = Trainer(r, {.progress = note}).run();
  ASSERT_EQ(outcome.notes.size(), 1U);
  EXPECT_NE(outcome.notes[0].find("of 96 channels and"), std::string::npos) << outcome.notes[0];
  EXPECT_EQ(outcome.notes[0].find("gates: 96 of"), std::string::npos) << outcome.notes[0];
  Recipe again = recipe("again", 1);  // without gates
  again.model.from = outcome.model;
  again.optimizer.rate = 1e-12;
  again.validate_every = 1;
  double folded = 0.0;
  const auto note_folded = [&](const TrainProgress& p) { folded = p.validation.value_or(folded); };
  (void)Trainer(again, {.progress = note_folded}).run();
  EXPECT_NEAR(folded, validation, 1e-4);
}

TEST_F(Training, AStoppedRunGoesOnWithItsGates) {
  const auto gated = [&](const std::string& name) {
    Recipe r = recipe(name, 12);
    r.l0.target = 0.5;
    r.l0.multiplier_rate = 1.0;
    return r;
  };
  const std::vector<double> whole = losses_of(gated("whole"));
  const Recipe r = gated("parts");
  (void)losses_of(r, 5);
  const std::vector<double> rest = losses_of(r);
  for (std::size_t step = 6; step <= 12; ++step) EXPECT_NEAR(rest[step], whole[step], 1e-6) << step;
}

// Recovery: a pruned model, and one that was rounded, are trained on; what was pruned stays so.
TEST_F(Training, WhatWasPrunedRecoversWithoutGrowingBack) {
  test::TinyModel pruned{.embedding = 32, .feed_forward = 64};
  pruned.edit = [](const std::string& name, std::span<float> values) {
    if (!name.ends_with("ffn_down.weight") && !name.ends_with("attn_q.weight")) return;
    for (std::size_t i = 0; i < values.size(); i += 2) values[i] = 0.0F;
  };
  for (const DType type : {DType::kF32, DType::kQ8_0}) {
    pruned.type = type;
    Recipe r = recipe(str("recovered-{}", name(type)), 12);
    r.model.from = test::write_tiny_model(folder_ / "pruned.gguf", pruned);
    r.model.keep_zeros = true;
    const std::vector<double> losses = losses_of(r);
    EXPECT_LT(losses[12], losses[1] - 0.2);
    const auto start = format::TensorFile::open(r.model.from);
    const auto file = format::TensorFile::open(r.output / (r.name + ".gguf"));
    for (const char* matrix : {"blk.0.ffn_down.weight", "blk.1.attn_q.weight"}) {
      const format::TensorInfo& info = *file->find(matrix);
      const auto* values = reinterpret_cast<const float*>(info.data);
      std::size_t zeros = 0;
      for (std::size_t i = 0; i < info.rows() * info.cols(); ++i) {
        if (i % 2 == 0) {
          EXPECT_EQ(values[i], 0.0F) << matrix << " " << i;
        } else {
          zeros += values[i] == 0.0F ? 1 : 0;
        }
      }
      EXPECT_LT(zeros * 10, info.rows() * info.cols()) << "the rest is trained";
    }
  }
}

TEST_F(Training, ScoresTellWhatWeightsAreWorthAndTrainNothing) {
  Recipe r = recipe("scored", 5);
  r.score_batches = 3;
  const TrainOutcome outcome = Trainer(r, {.scores = folder_ / "scores.gguf"}).run();
  EXPECT_EQ(outcome.model, folder_ / "scores.gguf");
  EXPECT_EQ(outcome.steps, 3U);
  const auto file = format::TensorFile::open(outcome.model);
  EXPECT_EQ(file->metadata().get_uint("scores.batches"), 3U);
  EXPECT_EQ(file->find("blk.1.channels.score")->cols(), 48U);
  EXPECT_EQ(file->find("blk.1.heads.score")->cols(), 4U);
  EXPECT_FALSE(std::filesystem::exists(r.output / "scored.gguf"));
  EXPECT_FALSE(std::filesystem::exists(r.output / "checkpoint-5.gguf"));
}

TEST_F(Training, AnEncoderLearnsToTellClassesApart) {
  std::ofstream data(folder_ / "labels.jsonl");
  for (int i = 0; i < 64; ++i) {
    data << str(R"({{"text":"{} {}","kind":"{}"}})", i % 2 == 0 ? "aaaa" : "bbbb", i, i % 2)
         << "\n";
  }
  data.close();
  Recipe r = recipe("encoder", 40);
  r.schedule.steps = 40;
  r.model.from.clear();
  r.model.vocabulary = folder_ / "start.gguf";
  r.model.shape.architecture = "bert";
  r.model.shape.layers = 1;
  r.model.shape.width = 32;
  r.model.shape.heads = 2;
  r.model.shape.feed_forward = 32;
  r.model.shape.context = 64;
  r.data.kind = DataKind::kLabels;
  r.data.labels = {"kind"};
  r.data.train = {folder_ / "labels.jsonl"};
  r.data.validation = r.data.train;
  double accuracy = 0.0;
  const auto note = [&](const TrainProgress& p) { accuracy = p.accuracy.value_or(accuracy); };
  (void)Trainer(r, {.progress = note}).run();
  EXPECT_EQ(accuracy, 1.0);
  const model::Model model = model::load(r.output / "encoder.gguf");
  EXPECT_EQ(model.classifier->labels, (std::vector<std::string>{"kind:0", "kind:1"}));
}

TEST_F(Training, WeightsTrainedAsQ4LoseNothingWhenStoredAsQ4) {
  Recipe r = recipe("rounded", 8);
  r.round_to = "q4_0";
  r.type = "q4_0";
  double validation = 0.0;
  const auto note = [&](const TrainProgress& p) { validation = p.validation.value_or(validation); };
  (void)Trainer(r, {.progress = note}).run();
  const auto file = format::TensorFile::open(r.output / "rounded.gguf");
  EXPECT_EQ(file->find("blk.0.ffn_up.weight")->type, DType::kQ4_0);
  Recipe again = recipe("again", 1);
  again.model.from = r.output / "rounded.gguf";
  again.optimizer.rate = 1e-12;
  again.validate_every = 1;
  again.schedule.steps = 2;
  double stored = 0.0;
  const auto note_stored = [&](const TrainProgress& p) { stored = p.validation.value_or(stored); };
  (void)Trainer(again, {.progress = note_stored}).run();
  EXPECT_NEAR(stored, validation, 1e-4);
}

TEST_F(Training, ATeacherOfAnotherVocabularyIsRefused) {
  const Recipe base = recipe("mismatch", 2);
  Recipe r = base;
  r.model.from.clear();
  r.model.vocabulary = folder_ / "start.gguf";
  r.model.shape = {.layers = 1, .width = 32, .heads = 2, .feed_forward = 32, .context = 64};
  r.distill.teachers = {folder_ / "start.gguf"};
  r.distill.hidden = 1.0;
  EXPECT_NO_THROW((void)Trainer(r, {}).run());
  r.output = folder_ / "wide";
  r.model.shape.width = 64;
  const std::string message =
      message_of([&] { (void)Trainer(r, {}).run(); }, ErrorKind::kInvalidArgument);
  EXPECT_NE(message.find("expected one width"), std::string::npos) << message;
}

}  // namespace
}  // namespace frugal::train
