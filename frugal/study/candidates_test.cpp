#include "frugal/study/candidates.h"

#include <gtest/gtest.h>

#include <fstream>

#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::study {
namespace {

std::vector<Candidate> candidates_of(const test::TempFolder& folder, DType type,
                                     const ProgressFn& progress = {}) {
  OptimizeOptions options;
  options.model = test::write_tiny_model(folder / "m.gguf", {.type = type});
  options.kernels = &kernels::choose_kernels("");
  options.eval_context = 32;
  options.progress = progress;
  const WorkFolder work(folder / "work");
  const std::vector<TokenId> text = random_prompt(model::load(options.model), 128, 1);
  return make_candidates(options, text, work);
}

TEST(Candidates, AreTheFileAsGivenAndItsTwoRoundings) {
  const test::TempFolder folder;
  const std::vector<Candidate> candidates = candidates_of(folder, DType::kF16);
  ASSERT_EQ(candidates.size(), 3U);
  EXPECT_EQ(candidates[0].transform, "as is");
  EXPECT_EQ(candidates[0].file, folder / "m.gguf");
  EXPECT_FALSE(candidates[0].comparison);
  EXPECT_EQ(candidates[1].transform, "Q8_0");
  EXPECT_EQ(candidates[1].model.layers[0].up.weight.type, DType::kQ8_0);
  EXPECT_EQ(candidates[2].transform, "Q4_0");
  EXPECT_EQ(candidates[2].model.layers[0].up.weight.type, DType::kQ4_0);
}

TEST(Candidates, AreComparedOnTheSameWindows) {
  const test::TempFolder folder;
  const std::vector<Candidate> candidates = candidates_of(folder, DType::kF16);
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    ASSERT_TRUE(candidates[i].comparison);
    EXPECT_EQ(candidates[i].comparison->reference.nll, candidates[0].score.nll);
    EXPECT_EQ(candidates[i].score.tokens, candidates[0].score.tokens);
    EXPECT_EQ(candidates[i].comparison->nll_increase.count, 4U) << "128 tokens in windows of 32";
  }
  EXPECT_LT(candidates[1].comparison->kld, candidates[2].comparison->kld)
      << "eight bits keep more than four";
}

TEST(Candidates, AFileIsNotRoundedToTheTypeItHas) {
  const test::TempFolder folder;
  const std::vector<Candidate> candidates = candidates_of(folder, DType::kQ8_0);
  ASSERT_EQ(candidates.size(), 2U);
  EXPECT_EQ(candidates[1].transform, "Q4_0");
}

TEST(Candidates, ProgressNamesTheStageAndTheType) {
  const test::TempFolder folder;
  std::vector<std::string> stages;
  (void)candidates_of(folder, DType::kF16, [&stages](const ProgressUpdate& update) {
    if (stages.empty() || stages.back() != update.stage) stages.emplace_back(update.stage);
  });
  EXPECT_EQ(stages, (std::vector<std::string>{"quantise Q8_0", "quantise Q4_0", "compare Q8_0",
                                              "compare Q4_0"}));
}

TEST(WorkFolder, IsEmptyAtFirstAndGoneAtTheEnd) {
  const test::TempFolder folder;
  const std::filesystem::path path = folder / "a/work";
  std::filesystem::create_directories(path);
  std::ofstream(path / "left by a kill") << "x";
  {
    const WorkFolder work(path);
    EXPECT_TRUE(std::filesystem::is_empty(work.path()));
    std::ofstream(work.path() / "new") << "x";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists(folder / "a")) << "the folder around it stays";
}

TEST(WorkFolder, SaysWhereItCannotBeMade) {
  const test::TempFolder folder;
  std::ofstream(folder / "file") << "x";
  try {
    const WorkFolder work(folder / "file/work");
    FAIL() << "it was made in a file";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("file/work"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace frugal::study
