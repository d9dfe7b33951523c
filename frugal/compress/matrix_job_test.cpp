#include "frugal/compress/matrix_job.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <limits>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/compress/gptq_method.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

std::vector<text::TokenId> tokens(std::size_t count) {
  std::vector<text::TokenId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<text::TokenId>(3 + ((i * i) % (test::kTinyVocabulary - 3))));
  }
  return ids;
}

class MatrixJobTest : public ::testing::Test {
 protected:
  static MatrixJobOptions options() {
    MatrixJobOptions out;
    out.rounding.type = DType::kQ4_0;
    out.context = 48;
    out.sums_bytes = std::uint64_t{1} << 30U;
    out.version = "1";
    return out;
  }
  std::string bytes_of(const std::string& name, const MatrixJobOptions& options) {
    (void)MatrixJob(model_, text_, method_, folder_ / name, options).run();
    return read_text_file(folder_ / name);
  }
  bool side_file(const std::string& name) {
    return std::filesystem::exists(folder_ / (name + ".rounded"));
  }

  test::TempFolder folder_;
  model::Model model_ = model::load(test::write_tiny_model(folder_ / "m.gguf", {}));
  std::vector<text::TokenId> text_ = tokens(200);
  GptqMethod method_;
};

TEST_F(MatrixJobTest, RoundsEveryMatrixOfTheNetworkAndIsNeverWorse) {
  MatrixJobOptions some = options();
  some.rounding.notes.set("frugal.compress.method", std::string("gptq"));
  MatrixJob job(model_, text_, method_, folder_ / "q.gguf", some);
  EXPECT_EQ(job.forecast().matrices, 2U * 7U + 1U);
  EXPECT_EQ(job.forecast().finished, 0U);
  EXPECT_EQ(job.forecast().passes, 1U);
  EXPECT_EQ(job.forecast().tokens, 192U);
  EXPECT_EQ(job.forecast().most_cols, 96U);
  EXPECT_GT(job.forecast().bytes, 9U * 64U * 64U * 8U);
  const JobResult result = job.run();
  ASSERT_EQ(result.matrices.size(), 15U);
  std::size_t fed_back = 0;
  for (const RoundedRecord& each : result.matrices) {
    fed_back += each.fed_back ? 1U : 0U;
    EXPECT_EQ(each.fed_back, each.loss_fed_back < each.loss_plain) << each.tensor;
    EXPECT_EQ(each.type, DType::kQ4_0);
    EXPECT_GT(each.loss_plain, 0.0);
  }
  EXPECT_GE(fed_back, 12U);
  ASSERT_EQ(result.without.size(), 1U);
  EXPECT_EQ(result.without[0].tensor, "token_embd.weight");
  EXPECT_EQ(result.file.converted, 16U);
  EXPECT_FALSE(side_file("q.gguf"));
  const model::Model rounded = model::load(folder_ / "q.gguf");
  EXPECT_EQ(rounded.file->find("blk.1.ffn_down.weight")->type, DType::kQ4_0);
  EXPECT_EQ(rounded.file->metadata().get_string("frugal.compress.method"), "gptq");
}

TEST_F(MatrixJobTest, TheBytesDependNeitherOnThreadsNorOnMemory) {
  const std::string want = bytes_of("a.gguf", options());
  MatrixJobOptions other = options();
  other.rounding.threads = 3;
  other.sums_bytes = 0;
  EXPECT_EQ(MatrixJob(model_, text_, method_, folder_ / "b.gguf", other).forecast().passes, 9U);
  EXPECT_EQ(bytes_of("b.gguf", other), want);
}

// The child is killed, without any chance to tidy up, when it tells of the n-th step of rounding.
TEST_F(MatrixJobTest, AKilledJobGoesOnToTheSameBytes) {
  const std::string want = bytes_of("whole.gguf", options());
  for (const int steps : {1, 7, 16, 5}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      MatrixJobOptions some = options();
      some.sums_bytes = 0;
      int seen = 0;
      some.rounding.progress = [&](const ProgressUpdate& update) {
        if (update.stage == "round" && ++seen == steps) ::kill(::getpid(), SIGKILL);
      };
      (void)MatrixJob(model_, text_, method_, folder_ / "q.gguf", some).run();
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << steps;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "q.gguf"));
    ASSERT_TRUE(side_file("q.gguf"));
  }
  MatrixJob job(model_, text_, method_, folder_ / "q.gguf", options());
  EXPECT_GT(job.forecast().finished, 8U);
  EXPECT_LT(job.forecast().finished, 15U);
  EXPECT_EQ(job.run().matrices.size(), 15U);
  EXPECT_EQ(read_text_file(folder_ / "q.gguf"), want);
  EXPECT_FALSE(side_file("q.gguf"));
}

TEST_F(MatrixJobTest, AStoppedJobKeepsWhatIsFinishedForTheSameTextOnly) {
  MatrixJobOptions stopping = options();
  stopping.rounding.progress = [](const ProgressUpdate& update) {
    if (update.stage == "quantise") throw std::runtime_error("stop");
  };
  EXPECT_THROW((void)MatrixJob(model_, text_, method_, folder_ / "q.gguf", stopping).run(),
               std::runtime_error);
  EXPECT_EQ(MatrixJob(model_, text_, method_, folder_ / "q.gguf", options()).forecast().finished,
            15U);
  EXPECT_EQ(MatrixJob(model_, text_, method_, folder_ / "q.gguf", options()).forecast().passes, 0U);
  text_.back() = 4;
  EXPECT_EQ(MatrixJob(model_, text_, method_, folder_ / "q.gguf", options()).forecast().finished,
            0U);
}

TEST_F(MatrixJobTest, NamesAWeightThatIsNoNumber) {
  const model::Model bad = model::load(test::write_tiny_model(
      folder_ / "bad.gguf", {.edit = [](const std::string& name, std::span<float> values) {
        if (name == "output.weight") values[70] = std::numeric_limits<float>::infinity();
      }}));
  try {
    (void)MatrixJob(bad, text_, method_, folder_ / "q.gguf", options()).run();
    FAIL() << "an infinite weight was rounded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("output.weight"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "q.gguf"));
}

TEST_F(MatrixJobTest, RefusesBeforeItBegins) {
  EXPECT_THROW(MatrixJob(model_, text_, method_, folder_ / "m.gguf", options()), Error);
  EXPECT_FALSE(side_file("m.gguf"));
  const std::vector<text::TokenId> none = {3};
  EXPECT_THROW(MatrixJob(model_, none, method_, folder_ / "q.gguf", options()), Error);
  EXPECT_THROW(MatrixJob(model_, text_, method_, folder_ / "no" / "q.gguf", options()), Error);
}

}  // namespace
}  // namespace frugal::compress
