#include "frugal/train/torch/checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/gguf.h"
#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

/// A network and its optimizer, some steps on.
struct Trained {
  Trained(const std::filesystem::path& model, Rule rule, int steps)
      : network(format::TensorFile::open(model), at::kCPU), optimizer({.rule = rule}, slots()) {
    at::manual_seed(5);
    for (int i = 0; i < steps; ++i) {
      for (const Parameter& parameter : network.parameters()) {
        parameter.value.mutable_grad() = at::randn(parameter.value.sizes());
      }
      optimizer.step(1.0);
    }
  }

  std::vector<Slot> slots() {
    std::vector<Slot> out;
    for (const Parameter& parameter : network.parameters()) {
      out.push_back({parameter.name, parameter.value, {}});
    }
    return out;
  }

  Network network;
  Optimizer optimizer;
};

bool same(Trained& a, Trained& b) {
  for (std::size_t i = 0; i < a.network.parameters().size(); ++i) {
    if (!at::equal(a.network.parameters()[i].value, b.network.parameters()[i].value)) return false;
  }
  for (std::size_t i = 0; i < a.optimizer.slots().size(); ++i) {
    const std::vector<at::Tensor>& left = a.optimizer.slots()[i].state;
    const std::vector<at::Tensor>& right = b.optimizer.slots()[i].state;
    if (left.size() != right.size()) return false;
    for (std::size_t j = 0; j < left.size(); ++j) {
      if (!at::equal(left[j], right[j])) return false;
    }
  }
  return a.optimizer.steps() == b.optimizer.steps();
}

RunState state_at(std::uint64_t step) {
  RunState state;
  state.step = step;
  state.tokens = 12'345'678'901;
  state.seconds = 4.25;
  state.loss = 2.5;
  state.validation = 3.125;
  state.data = {.epoch = 3, .row = 17};
  state.schedule = {.factor = 0.25, .best = 1.75, .waited = 2};
  state.recipe = "this one";
  return state;
}

class Saved : public testing::Test {
 protected:
  void SetUp() override { model_ = small("m.gguf", {}); }

  std::filesystem::path small(const std::string& name, test::TinyModel tiny) {
    tiny.embedding = 16;
    tiny.heads = 2;
    tiny.kv_heads = 1;
    tiny.layers = 1;
    if (tiny.feed_forward == 96) tiny.feed_forward = 24;
    return test::write_tiny_model(folder_ / name, tiny);
  }
  [[nodiscard]] std::filesystem::path file(std::uint64_t step) const {
    return folder_ / str("checkpoint-{}.gguf", step);
  }
  void save(std::uint64_t step, int steps = 2) {
    Trained run(model_, Rule::kAdamW, steps);
    checkpoints_.save(run.network, run.optimizer, state_at(step));
  }
  bool load(Trained& run, RunState& state) {
    notes_.clear();
    return checkpoints_.load(run.network, run.optimizer, state, notes_);
  }
  bool load() {
    Trained run(model_, Rule::kAdamW, 0);
    found_ = {};
    found_.recipe = "this one";
    return load(run, found_);
  }
  /// The kind and words of what `load` throws.
  std::string refusal(ErrorKind kind) {
    try {
      (void)load();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "was taken";
    return "";
  }
  /// Writes a checkpoint again with other keys or extents.
  void rewrite(std::uint64_t step, const std::function<bool(const std::string& key)>& keep,
               const std::function<void(format::TensorSource& tensor)>& change = {}) {
    const auto old = format::TensorFile::open(file(step));
    format::Metadata metadata;
    for (const format::MetaEntry& entry : old->metadata().entries()) {
      if (keep(entry.key)) metadata.set(entry.key, entry.value);
    }
    std::vector<format::TensorSource> sources;
    for (const format::TensorInfo& info : old->tensors()) {
      const auto produce = [&old, &info](const format::TensorSource::Sink& sink) {
        sink(old->data(info));
      };
      sources.push_back({info.name, info.type, info.dims, produce});
      if (change) change(sources.back());
    }
    format::write_gguf(folder_ / "again", metadata, sources);
    std::filesystem::rename(folder_ / "again", file(step));
  }

  test::TempFolder folder_;
  std::filesystem::path model_;
  Checkpoints checkpoints_{folder_.path()};
  std::vector<std::string> notes_;
  RunState found_;
};

TEST_F(Saved, ARunComesBackWithAllThatItKnew) {
  for (const Rule rule : {Rule::kSgd, Rule::kAdam, Rule::kAdamW, Rule::kAdagrad, Rule::kMuon}) {
    checkpoints_.remove_all();
    Trained run(model_, rule, 3);
    const RunState state = state_at(3);
    checkpoints_.save(run.network, run.optimizer, state);
    Trained other(model_, rule, 0);
    EXPECT_FALSE(same(run, other));
    RunState found;
    found.recipe = state.recipe;
    ASSERT_TRUE(load(other, found));
    EXPECT_TRUE(same(run, other)) << rule_name(rule);
    EXPECT_EQ(found.step, state.step);
    EXPECT_EQ(found.tokens, state.tokens);
    EXPECT_EQ(found.seconds, state.seconds);
    EXPECT_EQ(found.loss, state.loss);
    EXPECT_EQ(found.validation, state.validation);
    EXPECT_EQ(found.data, state.data);
    EXPECT_EQ(found.schedule, state.schedule);
    EXPECT_TRUE(notes_.empty());
  }
}

TEST_F(Saved, WhatIsNotKnownYetStaysUnknown) {
  Trained run(model_, Rule::kAdamW, 1);
  RunState state = state_at(1);
  state.validation = std::numeric_limits<double>::quiet_NaN();
  state.schedule = {};
  checkpoints_.save(run.network, run.optimizer, state);
  ASSERT_TRUE(load());
  EXPECT_TRUE(std::isnan(found_.validation));
  EXPECT_EQ(found_.schedule, ScheduleState{}) << "the best loss is infinite";
}

TEST_F(Saved, TheLatestTwoAreKeptByTheirStepsNotByTheirNames) {
  for (const std::uint64_t step : {8U, 9U, 10U, 100U}) save(step);
  EXPECT_FALSE(std::filesystem::exists(file(8)));
  EXPECT_FALSE(std::filesystem::exists(file(9)));
  EXPECT_TRUE(std::filesystem::exists(file(10)));
  EXPECT_TRUE(load());
  EXPECT_EQ(found_.step, 100U);
  EXPECT_EQ(folder_.entries(), 3U) << "and the model";
}

TEST_F(Saved, OnlyCheckpointsAreRemoved) {
  save(4);
  std::ofstream(folder_ / "checkpoint-notes.txt") << "mine";
  checkpoints_.remove_all();
  EXPECT_FALSE(load());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "checkpoint-notes.txt"));
  EXPECT_TRUE(std::filesystem::exists(model_));
}

TEST_F(Saved, AnEmptyOrMissingFolderHoldsNone) {
  EXPECT_FALSE(load());
  const Checkpoints nowhere(folder_ / "nowhere");
  Trained run(model_, Rule::kSgd, 0);
  EXPECT_FALSE(nowhere.load(run.network, run.optimizer, found_, notes_));
}

TEST_F(Saved, ATruncatedFileIsPassedOverWhereverItEnds) {
  save(1, 1);
  save(2, 2);
  const std::uintmax_t size = std::filesystem::file_size(file(2));
  for (const std::uintmax_t left : {size - 1, size / 2, std::uintmax_t{200}, std::uintmax_t{5}}) {
    std::filesystem::resize_file(file(2), left);
    ASSERT_TRUE(load()) << left;
    EXPECT_EQ(found_.step, 1U) << left;
    ASSERT_EQ(notes_.size(), 1U);
    EXPECT_NE(notes_[0].find("checkpoint-2.gguf"), std::string::npos) << notes_[0];
  }
}

TEST_F(Saved, AnEmptyFileIsPassedOver) {
  save(1);
  std::ofstream(file(2)).flush();
  EXPECT_TRUE(load());
  EXPECT_EQ(found_.step, 1U);
}

TEST_F(Saved, WhereAllAreDamagedNobodyBeginsAnewUnasked) {
  save(1);
  std::filesystem::resize_file(file(1), 100);
  EXPECT_NE(refusal(ErrorKind::kCorrupt).find("--fresh"), std::string::npos);
}

TEST_F(Saved, EveryKeyIsNeeded) {
  for (const char* key :
       {"train.step", "train.optimizer_steps", "train.tokens", "train.seconds", "train.loss",
        "train.validation", "train.epoch", "train.row", "train.schedule.factor",
        "train.schedule.best", "train.schedule.waited", "train.recipe", "train.checksum"}) {
    save(1);
    rewrite(1, [key](const std::string& name) { return name != key; });
    EXPECT_NE(refusal(ErrorKind::kCorrupt).find(str("key '{}' is missing", key)),
              std::string::npos);
  }
}

TEST_F(Saved, AnotherRecipeIsRefused) {
  save(1);
  Trained run(model_, Rule::kAdamW, 0);
  RunState other;
  other.recipe = "another";
  EXPECT_THROW((void)load(run, other), Error);
  EXPECT_EQ(other.step, 0U);
}

TEST_F(Saved, AnotherShapeOrAnotherRuleIsRefused) {
  Trained wide(small("wide.gguf", {.feed_forward = 32}), Rule::kAdamW, 1);
  checkpoints_.save(wide.network, wide.optimizer, state_at(1));
  EXPECT_NE(refusal(ErrorKind::kInvalidArgument).find("blk.0.ffn_"), std::string::npos);
  Trained momentum(model_, Rule::kSgd, 1);
  checkpoints_.save(momentum.network, momentum.optimizer, state_at(1));
  EXPECT_NE(refusal(ErrorKind::kInvalidArgument).find("state."), std::string::npos);
}

TEST_F(Saved, AMatrixLyingOnItsSideIsAnotherShape) {
  save(1);
  rewrite(
      1, [](const std::string& /*key*/) { return true; },
      [](format::TensorSource& tensor) {
        if (tensor.name == "blk.0.ffn_up.weight") std::swap(tensor.dims[0], tensor.dims[1]);
      });
  EXPECT_NE(refusal(ErrorKind::kInvalidArgument).find("blk.0.ffn_up.weight"), std::string::npos);
}

}  // namespace
}  // namespace frugal::train
