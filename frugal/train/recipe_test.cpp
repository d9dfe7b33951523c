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

}  // namespace
}  // namespace frugal::train
