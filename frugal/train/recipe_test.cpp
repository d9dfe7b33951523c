#include "frugal/train/recipe.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "frugal/base/error.h"
#include "tests/support/temp_folder.h"

namespace frugal::train {
namespace {

constexpr std::string_view kWhole = R"(
name = "small"
steps = 100
precision = "bfloat16"
[model]
layers = 2
width = 64
heads = 4
feed_forward = 128
context = 256
vocabulary_size = 500
[data]
train = ["a.jsonl", "b.jsonl"]
length = 128
[optimizer]
rule = "muon"
rate = 0.002
[schedule]
decay = "linear"
warmup = 10
[distill]
teachers = ["t.gguf"]
)";

class RecipeFile : public testing::Test {
 protected:
  Recipe read(const std::string& text, const std::vector<std::string>& changes = {}) {
    std::ofstream(folder_ / "r.toml") << text;
    return read_recipe(folder_ / "r.toml", changes);
  }
  std::string refusal(const std::string& text, const std::vector<std::string>& changes = {}) {
    try {
      (void)read(text, changes);
    } catch (const Error& error) {
      return error.what();
    }
    ADD_FAILURE() << "was taken";
    return "";
  }

  test::TempFolder folder_;
};

TEST_F(RecipeFile, SaysAllThatATrainerNeeds) {
  const Recipe r = read(std::string(kWhole));
  EXPECT_EQ(r.name, "small");
  EXPECT_EQ(r.output, "out/small");
  EXPECT_TRUE(r.bfloat16);
  EXPECT_EQ(r.model.shape.kv_heads, 4U);
  EXPECT_EQ(r.data.train.size(), 2U);
  EXPECT_EQ(r.optimizer.rule, "muon");
  EXPECT_EQ(r.schedule.decay, Decay::kLinear);
  EXPECT_EQ(r.schedule.steps, 100U);
  EXPECT_EQ(r.distill.teachers.front(), "t.gguf");
}

TEST_F(RecipeFile, TakesChangesFromTheCommandLine) {
  const Recipe r = read(std::string(kWhole), {"optimizer.rate=0.5", "steps = 7", "seed=9"});
  EXPECT_EQ(r.optimizer.rate, 0.5);
  EXPECT_EQ(r.steps, 7U);
  EXPECT_EQ(r.schedule.steps, 7U);
  EXPECT_EQ(r.seed, 9U);
  EXPECT_NE(refusal(std::string(kWhole), {"steps"}).find("KEY=VALUE"), std::string::npos);
}

TEST_F(RecipeFile, NamesTheLineOfAKeyThatNoRecipeHas) {
  const std::string message = refusal(std::string(kWhole) + "temprature = 3\n");
  EXPECT_NE(message.find("r.toml:23:"), std::string::npos) << message;
  EXPECT_NE(message.find("'distill.temperature'"), std::string::npos) << message;
}

TEST_F(RecipeFile, RefusesWhatCannotBeCarriedOut) {
  EXPECT_NE(refusal("steps = 1\n").find("model.layers"), std::string::npos);
  const std::string model = "steps = 1\n[model]\nfrom = \"m.gguf\"\n[data]\n";
  EXPECT_NE(refusal(model).find("data.train is empty"), std::string::npos);
  EXPECT_NE(refusal(model + "train = [\"a\"]\nkind = \"labels\"\n").find("data.labels is empty"),
            std::string::npos);
  EXPECT_NE(refusal(model + "train = [\"a\"]\nrows = 0\n").find("data.rows"), std::string::npos);
  EXPECT_NE(refusal(std::string(kWhole), {"optimizer.rule=lion"}).find("adamw"), std::string::npos);
}

TEST_F(RecipeFile, LeavesWhatIsNotSaidAsTheHeaderHasIt) {
  const Recipe r = read("steps = 3\n[model]\nfrom = \"m.gguf\"\n[data]\ntrain = [\"a\"]\n");
  const Recipe plain;
  EXPECT_EQ(r.name, "r") << "the file's own";
  EXPECT_EQ(r.seed, plain.seed);
  EXPECT_EQ(r.validate_every, plain.validate_every);
  EXPECT_EQ(r.checkpoint_minutes, plain.checkpoint_minutes);
  EXPECT_EQ(r.bfloat16, plain.bfloat16);
  EXPECT_EQ(r.device, plain.device);
  EXPECT_EQ(r.type, plain.type);
  EXPECT_TRUE(r.model.keep.empty());
  EXPECT_EQ(r.data.kind, plain.data.kind);
  EXPECT_EQ(r.data.length, plain.data.length);
  EXPECT_EQ(r.data.rows, plain.data.rows);
  EXPECT_EQ(r.data.accumulate, plain.data.accumulate);
  EXPECT_EQ(r.optimizer.rule, plain.optimizer.rule);
  EXPECT_EQ(r.optimizer.rate, plain.optimizer.rate);
  EXPECT_EQ(r.optimizer.decay, plain.optimizer.decay);
  EXPECT_EQ(r.optimizer.clip, plain.optimizer.clip);
  EXPECT_EQ(r.distill.temperature, plain.distill.temperature);
  EXPECT_EQ(r.distill.hard, plain.distill.hard);
  EXPECT_EQ(r.distill.hidden, plain.distill.hidden);
}

TEST_F(RecipeFile, EveryKeyReachesItsPlace) {
  const Recipe r = read(std::string(kWhole), {"output=there",
                                              "validate_every=0",
                                              "checkpoint_minutes=0.5",
                                              "device=cpu",
                                              "type=bf16",
                                              "model.kv_heads=2",
                                              "model.rope_base=5000",
                                              "model.norm_epsilon=0.001",
                                              "model.tied=false",
                                              "data.kind=text",
                                              "data.rows=3",
                                              "data.accumulate=4",
                                              "optimizer.momentum=0.5",
                                              "optimizer.beta1=0.6",
                                              "optimizer.beta2=0.7",
                                              "optimizer.epsilon=0.01",
                                              "optimizer.decay=0.25",
                                              "optimizer.muon_rate=0.03",
                                              "optimizer.clip=0",
                                              "schedule.decay=plateau",
                                              "schedule.floor=0.2",
                                              "schedule.shrink=0.4",
                                              "schedule.patience=7",
                                              "schedule.threshold=0.05",
                                              "distill.temperature=3",
                                              "distill.hard=0.75",
                                              "distill.hidden=1.5"});
  EXPECT_EQ(r.output, "there");
  EXPECT_EQ(r.validate_every, 0U);
  EXPECT_EQ(r.checkpoint_minutes, 0.5);
  EXPECT_EQ(r.device, "cpu");
  EXPECT_EQ(r.type, "bf16");
  EXPECT_EQ(r.model.shape.kv_heads, 2U);
  EXPECT_EQ(r.model.shape.rope_base, 5000.0);
  EXPECT_EQ(r.model.shape.norm_epsilon, 0.001);
  EXPECT_FALSE(r.model.shape.tied);
  EXPECT_EQ(r.data.kind, DataKind::kText);
  EXPECT_EQ(r.data.rows, 3U);
  EXPECT_EQ(r.data.accumulate, 4U);
  EXPECT_EQ(r.optimizer.momentum, 0.5);
  EXPECT_EQ(r.optimizer.beta1, 0.6);
  EXPECT_EQ(r.optimizer.beta2, 0.7);
  EXPECT_EQ(r.optimizer.epsilon, 0.01);
  EXPECT_EQ(r.optimizer.decay, 0.25);
  EXPECT_EQ(r.optimizer.muon_rate, 0.03);
  EXPECT_EQ(r.optimizer.clip, 0.0);
  EXPECT_EQ(r.schedule.decay, Decay::kPlateau);
  EXPECT_EQ(r.schedule.floor, 0.2);
  EXPECT_EQ(r.schedule.shrink, 0.4);
  EXPECT_EQ(r.schedule.patience, 7U);
  EXPECT_EQ(r.schedule.threshold, 0.05);
  EXPECT_EQ(r.distill.temperature, 3.0);
  EXPECT_EQ(r.distill.hard, 0.75);
  EXPECT_EQ(r.distill.hidden, 1.5);
}

TEST_F(RecipeFile, KeepsSomeLayersOfAModel) {
  const std::string base = "steps = 3\n[data]\ntrain = [\"a\"]\n[model]\nfrom = \"m.gguf\"\n";
  EXPECT_EQ(read(base + "keep = [0, 2, 5]\n").model.keep, (std::vector<std::size_t>{0, 2, 5}));
  EXPECT_NE(refusal(base + "keep = [-1]\n").find("model.keep"), std::string::npos);
  EXPECT_NE(refusal(base + "layers = 2\n").find("model.layers"), std::string::npos)
      << "a shape means nothing for a model that is there";
}

TEST_F(RecipeFile, NamesTheKeyThatIsOutOfRange) {
  for (const char* change : {"steps=0",
                             "seed=-1",
                             "validate_every=-1",
                             "checkpoint_minutes=-1",
                             "precision=int8",
                             "device=tpu",
                             "type=q4_k",
                             "model.width=0",
                             "model.vocabulary_size=299",
                             "model.rope_base=0",
                             "data.kind=images",
                             "data.accumulate=0",
                             "optimizer.rate=0",
                             "optimizer.beta1=1.5",
                             "optimizer.clip=-1",
                             "schedule.decay=step",
                             "schedule.floor=2",
                             "schedule.shrink=1",
                             "schedule.patience=-1",
                             "distill.temperature=0",
                             "distill.hard=1.1",
                             "distill.hidden=-1",
                             "parallel.compress=zip",
                             "parallel.top_share=0",
                             "parallel.rank=0",
                             "parallel.bucket_mb=0",
                             "parallel.every=0",
                             "parallel.outer_rate=0",
                             "parallel.outer_momentum=2",
                             "parallel.shard_optimizer=1"}) {
    const std::string key(change, std::string_view(change).find('='));
    EXPECT_NE(refusal(std::string(kWhole), {change}).find(key), std::string::npos) << change;
  }
}

TEST_F(RecipeFile, SaysHowRanksTrainTogether) {
  const ParallelRecipe usual = read(std::string(kWhole)).parallel;
  EXPECT_EQ(usual.compress, "none");
  EXPECT_EQ(usual.every, 1U);
  const ParallelRecipe p =
      read(std::string(kWhole), {"parallel.compress=topk", "parallel.top_share=0.5",
                                 "parallel.rank=3", "parallel.bucket_mb=7", "parallel.every=50",
                                 "parallel.outer_rate=0.6", "parallel.outer_momentum=0.8"})
          .parallel;
  EXPECT_EQ(p.compress, "topk");
  EXPECT_EQ(p.top_share, 0.5);
  EXPECT_EQ(p.rank, 3U);
  EXPECT_EQ(p.bucket_mb, 7U);
  EXPECT_EQ(p.every, 50U);
  EXPECT_EQ(p.outer_rate, 0.6);
  EXPECT_EQ(p.outer_momentum, 0.8);
  EXPECT_NE(refusal(std::string(kWhole), {"parallel.shard_optimizer=true", "parallel.every=2"})
                .find("parallel.every"),
            std::string::npos);
}

TEST_F(RecipeFile, LabelsNeedAnEncoderAndOthersNeedNone) {
  const std::vector<std::string> encoder = {"model.architecture=bert"};
  EXPECT_NE(refusal(std::string(kWhole), encoder).find("model.architecture"), std::string::npos);
}

TEST_F(RecipeFile, ThatIsNotThereIsNotFound) {
  try {
    (void)read_recipe(folder_ / "nowhere.toml", {});
    ADD_FAILURE() << "was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

TEST_F(RecipeFile, SaysWhereExitsAreAndWhatTheyWeigh) {
  EXPECT_TRUE(read(std::string(kWhole)).exits.layers.empty());
  const Recipe r = read(std::string(kWhole) + "[exits]\nlayers = [0, 3]\nweight = 0.5\n");
  EXPECT_EQ(r.exits.layers, (std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(r.exits.weight, 0.5);
  EXPECT_NE(refusal(std::string(kWhole) + "[exits]\nlayers = [3, 3]\n").find("must ascend"),
            std::string::npos);
}

TEST_F(RecipeFile, SaysHowGatesAreHeldToTheirTarget) {
  EXPECT_EQ(read(std::string(kWhole)).l0.target, 1.0) << "no gates";
  const Recipe r = read(std::string(kWhole) + "[l0]\ntarget = 0.5\nwarmup = 20\nlow = -0.2\n");
  EXPECT_EQ(r.l0.target, 0.5);
  EXPECT_EQ(r.l0.warmup, 20U);
  EXPECT_EQ(r.l0.low, -0.2);
  EXPECT_NE(refusal(std::string(kWhole) + "[l0]\nlow = 0.1\n").find("low"), std::string::npos);
}

}  // namespace
}  // namespace frugal::train
