#include "frugal/compress/prune_method.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/compress/matrix_job.h"
#include "frugal/tensor/codec.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

class PruneMethodTest : public ::testing::Test {
 protected:
  static std::vector<text::TokenId> tokens(std::size_t count) {
    std::vector<text::TokenId> ids;
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back(static_cast<text::TokenId>(3 + ((i * i) % (test::kTinyVocabulary - 3))));
    }
    return ids;
  }
  static MatrixJobOptions options() {
    MatrixJobOptions out;
    out.rounding.keep_types = true;
    out.context = 48;
    out.sums_bytes = std::uint64_t{1} << 30U;
    out.version = "1";
    return out;
  }
  JobResult run(const PruneOptions& prune, const MatrixJobOptions& some,
                const std::string& name = "p.gguf") {
    PruneMethod method(*model_.file, prune);
    return MatrixJob(model_, text_, method, folder_ / name, some).run();
  }
  // The part of zeros of each matrix of the file.
  std::map<std::string, double> zeros_in(const std::string& name) {
    const auto file = format::TensorFile::open(folder_ / name);
    std::map<std::string, double> parts;
    for (const format::TensorInfo& tensor : file->tensors()) {
      if (tensor.dims.size() < 2) continue;
      std::vector<float> numbers(tensor.rows() * tensor.cols());
      decode_row(tensor.type, tensor.data, numbers);
      const auto zeros = std::count(numbers.begin(), numbers.end(), 0.0F);
      parts[tensor.name] = static_cast<double>(zeros) / static_cast<double>(numbers.size());
    }
    return parts;
  }
  ErrorKind kind_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      last_ = error.what();
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorKind::kIo;
  }

  test::TempFolder folder_;
  model::Model model_ = model::load(test::write_tiny_model(folder_ / "m.gguf", {}));
  std::vector<text::TokenId> text_ = tokens(200);
  std::string last_;
};

TEST_F(PruneMethodTest, EveryWayPrunesTheMatricesOfTheLayers) {
  for (const PruneBy by : {PruneBy::kMagnitude, PruneBy::kWanda, PruneBy::kSparseGpt}) {
    const JobResult result = run({.by = by, .sparsity = {.ratio = 0.5}}, options());
    ASSERT_EQ(result.matrices.size(), 14U) << name(by);
    EXPECT_TRUE(result.without.empty());
    EXPECT_EQ(result.file.bytes_after, result.file.bytes_before);
    EXPECT_EQ(result.file.converted, 0U);
    for (const RoundedRecord& each : result.matrices) {
      EXPECT_EQ(each.type, DType::kF32);
      EXPECT_EQ(each.loss_plain.has_value(), by == PruneBy::kSparseGpt);
    }
    for (const auto& [tensor, part] : zeros_in("p.gguf")) {
      EXPECT_NEAR(part, tensor.starts_with("blk.") ? 0.5 : 0.0, 1e-3) << name(by) << " " << tensor;
    }
    EXPECT_EQ(model::load(folder_ / "p.gguf").layers.size(), 2U);
  }
}

TEST_F(PruneMethodTest, RulesComeFirstAndReachTheEmbedding) {
  PruneOptions prune{.by = PruneBy::kMagnitude, .sparsity = {.ratio = 0.25}};
  for (const char* rule : {"attn_v=0", "token_embd|^output=0.5", "ffn=2:4"}) {
    prune.rules.push_back(parse_sparsity_rule(rule));
  }
  (void)run(prune, options());
  const auto parts = zeros_in("p.gguf");
  EXPECT_EQ(parts.at("blk.0.attn_v.weight"), 0.0);
  EXPECT_EQ(parts.at("token_embd.weight"), 0.5);
  EXPECT_EQ(parts.at("blk.1.ffn_up.weight"), 0.5);
  EXPECT_EQ(parts.at("blk.1.attn_q.weight"), 0.25);
}

// What no text says anything of stays whole, and is named.
TEST_F(PruneMethodTest, AMatrixWithoutInputStaysWhole) {
  PruneOptions prune{.by = PruneBy::kWanda, .sparsity = {.ratio = 0.5}};
  prune.rules.push_back(parse_sparsity_rule("token_embd=0.5"));
  const JobResult result = run(prune, options());
  ASSERT_EQ(result.without.size(), 1U);
  EXPECT_EQ(result.without[0].tensor, "token_embd.weight");
  EXPECT_EQ(zeros_in("p.gguf").at("token_embd.weight"), 0.0);
}

TEST_F(PruneMethodTest, RoundsToATypeInTheSamePass) {
  MatrixJobOptions some = options();
  some.rounding.keep_types = false;
  some.rounding.type = DType::kQ4_0;
  const JobResult result =
      run({.by = PruneBy::kSparseGpt, .sparsity = {.keep = 2, .group = 4}}, some);
  EXPECT_LT(result.file.bytes_after, result.file.bytes_before / 5);
  std::size_t fed_back = 0;
  for (const RoundedRecord& each : result.matrices) fed_back += each.fed_back ? 1U : 0U;
  EXPECT_GE(fed_back, 12U);
  for (const auto& [tensor, part] : zeros_in("p.gguf")) {
    EXPECT_GE(part, tensor.starts_with("blk.") ? 0.5 : 0.0) << tensor;
  }
}

TEST_F(PruneMethodTest, TheBytesDependNeitherOnThreadsNorOnMemoryNorOnAStop) {
  for (const PruneBy by : {PruneBy::kMagnitude, PruneBy::kWanda, PruneBy::kSparseGpt}) {
    const PruneOptions prune{.by = by, .sparsity = {.ratio = 0.6}};
    (void)run(prune, options(), "whole.gguf");
    MatrixJobOptions some = options();
    some.rounding.threads = 3;
    some.sums_bytes = 0;
    int steps = 0;
    some.rounding.progress = [&](const ProgressUpdate& update) {
      if (update.stage == "prune" && ++steps == 9) throw std::runtime_error("stop");
    };
    EXPECT_THROW((void)run(prune, some, "stopped.gguf"), std::runtime_error);
    some.rounding.progress = {};
    const JobResult result = run(prune, some, "stopped.gguf");
    EXPECT_GT(result.forecast.finished, 0U);
    EXPECT_EQ(read_text_file(folder_ / "stopped.gguf"), read_text_file(folder_ / "whole.gguf"));
  }
}

TEST_F(PruneMethodTest, MagnitudeNeedsNoText) {
  text_.clear();
  const JobResult result = run({.by = PruneBy::kMagnitude, .sparsity = {.ratio = 0.5}}, options());
  EXPECT_EQ(result.forecast.passes, 0U);
  EXPECT_EQ(result.forecast.tokens, 0U);
  EXPECT_EQ(result.matrices.size(), 14U);
}

TEST_F(PruneMethodTest, AnotherSparsityIsAnotherJob) {
  PruneOptions prune{.by = PruneBy::kWanda, .sparsity = {.ratio = 0.5}};
  const std::string key = PruneMethod(*model_.file, prune).key();
  prune.rules.push_back(parse_sparsity_rule("attn_v=0"));
  EXPECT_NE(PruneMethod(*model_.file, prune).key(), key);
  prune.rules.clear();
  prune.sparsity.ratio = 0.51;
  EXPECT_NE(PruneMethod(*model_.file, prune).key(), key);
}

TEST_F(PruneMethodTest, RefusesWhatItCannotDo) {
  EXPECT_EQ(kind_of([&] { (void)run({.by = PruneBy::kWanda}, options()); }),
            ErrorKind::kInvalidArgument)
      << "nothing to prune";
  EXPECT_EQ(
      kind_of([&] { (void)run({.by = PruneBy::kWanda, .sparsity = {.below = 0.1F}}, options()); }),
      ErrorKind::kInvalidArgument);
  PruneOptions prune{.sparsity = {.ratio = 0.5}};
  prune.rules.push_back(parse_sparsity_rule("nowhere=0.5"));
  EXPECT_EQ(kind_of([&] { (void)run(prune, options()); }), ErrorKind::kInvalidArgument);
  EXPECT_NE(last_.find("nowhere"), std::string::npos) << last_;
  MatrixJobOptions some = options();
  some.rounding.keep_types = false;
  some.rounding.type = DType::kQ4_1;
  EXPECT_EQ(kind_of([&] { (void)run({.sparsity = {.ratio = 0.5}}, some); }),
            ErrorKind::kInvalidArgument);
  EXPECT_NE(last_.find("no exact 0"), std::string::npos) << last_;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "p.gguf"));
  EXPECT_EQ(prune_by_name("random"), std::nullopt);
  EXPECT_EQ(prune_by_name("sparsegpt"), PruneBy::kSparseGpt);
}

}  // namespace
}  // namespace frugal::compress
