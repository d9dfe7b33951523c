#include "frugal/study/optimize.h"

#include <gtest/gtest.h>

#include <fstream>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/thread_pool.h"
#include "frugal/meter/choose.h"
#include "tests/support/tiny_model.h"

namespace frugal::study {
namespace {

using test::TempFolder;
using test::write_tiny_model;

std::unique_ptr<meter::Meter> model_meter() {
  meter::MeterOptions options;
  options.name = "model";
  return meter::choose_meter(options);
}

class OptimizeTest : public testing::Test {
 protected:
  OptimizeTest() {
    options_.model = write_tiny_model(folder_ / "m.gguf", {.type = DType::kF16});
    options_.text = folder_ / "text.txt";
    std::ofstream(options_.text) << test::tiny_text(600);
    options_.out_dir = folder_ / "out";
    options_.threads = {1};
    options_.prompt_tokens = 8;
    options_.output_tokens = 4;
    options_.eval_context = 32;
    options_.min_repeats = 3;
    options_.max_repeats = 3;
    options_.repeat_time = Seconds(0.001);
    options_.version = "test";
    options_.make_meter = [] { return model_meter(); };
  }
  std::string read_out(std::string_view name) const {
    return read_text_file(options_.out_dir / name);
  }

  TempFolder folder_;
  OptimizeOptions options_;
};

TEST_F(OptimizeTest, WritesAModelAPlanAndALedgerThatAgree) {
  options_.max_drop = {.value = 100.0, .relative = true};
  const OptimizeResult result = optimize(options_);
  const std::size_t thread_counts = usable_cpus() > 1 ? 2 : 1;
  EXPECT_EQ(result.plans.size(), 3 * thread_counts);
  const PlanResult& chosen = result.plans[result.chosen];
  EXPECT_EQ(chosen.decision, Decision::kChosen);

  const Json plan = parse_json(read_out("plan.json"), "plan.json");
  EXPECT_EQ(plan["version"], 1);
  EXPECT_EQ(plan["runtime"]["threads"], chosen.threads);
  EXPECT_EQ(plan["evidence"]["quality"], "modelled");
  EXPECT_EQ(plan["evidence"]["bound"]["held"], true);
  EXPECT_DOUBLE_EQ(plan["evidence"]["chosen"]["joules_per_token"], chosen.joules_per_token().mean);
  EXPECT_EQ(model::load(options_.out_dir / "model.gguf").config.layers, 2U);

  const ledger::Ledger ledger(options_.out_dir / "ledger.sqlite", ledger::Ledger::Mode::kReadOnly);
  const auto runs = ledger.runs();
  ASSERT_EQ(runs.size(), 1 + result.plans.size());
  EXPECT_EQ(runs[0].note("verdict"), result.verdict);
  EXPECT_FALSE(runs[0].finished_at.empty());
  const auto children = ledger.children(runs[0].id);
  ASSERT_EQ(children.size(), result.plans.size());
  for (std::size_t i = 0; i < children.size(); ++i) {
    EXPECT_EQ(children[i].info.plan, result.plans[i].label());
    ASSERT_NE(children[i].metric("joules_per_token"), nullptr);
    EXPECT_EQ(children[i].metric("joules_per_token")->value,
              result.plans[i].joules_per_token().mean);
    EXPECT_EQ(children[i].metric("nll_increase") == nullptr, result.plans[i].baseline)
        << "the baseline is compared with nothing";
  }
  EXPECT_FALSE(std::filesystem::exists(options_.out_dir / ".optimize")) << "work files are gone";
}

TEST_F(OptimizeTest, RefusesWhatBreaksTheBoundAndKeepsTheGivenModel) {
  options_.max_drop = {.value = 0.0, .relative = false};
  const OptimizeResult result = optimize(options_);
  for (const PlanResult& plan : result.plans) {
    if (!plan.comparison) continue;
    const bool broken = plan.comparison->nll_increase.upper95() > 0.0;
    EXPECT_EQ(plan.decision == Decision::kRefused, broken) << plan.label();
  }
  EXPECT_FALSE(result.plans[result.chosen].comparison &&
               result.plans[result.chosen].comparison->nll_increase.upper95() > 0.0);
}

TEST_F(OptimizeTest, TheBaselineIsTheFileAsGivenOnAllCpus) {
  const OptimizeResult result = optimize(options_);
  EXPECT_EQ(result.plans[result.baseline].transform, "as is");
  EXPECT_EQ(result.plans[result.baseline].threads, usable_cpus());
  EXPECT_TRUE(result.plans[result.baseline].baseline);
}

TEST_F(OptimizeTest, EveryReceiptAddsUpToTheMetersTotal) {
  for (const PlanResult& plan : optimize(options_).plans) {
    Joules sum;
    for (const Phase phase : kAllPhases) sum += plan.receipt[phase].energy;
    EXPECT_NEAR(sum.value(), plan.receipt.total.energy.value(),
                1e-9 * plan.receipt.total.energy.value());
    EXPECT_GT(plan.receipt[Phase::kDecode].energy.value(), 0.0);
  }
}

TEST_F(OptimizeTest, RefusesTooLittleTextAndItsOwnInput) {
  std::ofstream(options_.text) << "the day";
  EXPECT_THROW((void)optimize(options_), Error);
  std::ofstream(options_.text) << test::tiny_text(600);
  std::filesystem::create_directories(options_.out_dir);
  std::filesystem::copy_file(options_.model, options_.out_dir / "model.gguf");
  options_.model = options_.out_dir / "model.gguf";
  EXPECT_THROW((void)optimize(options_), Error);
}

TEST_F(OptimizeTest, ACallbackThatThrowsLeavesNoResultBehind) {
  options_.progress = [](const ProgressUpdate& update) {
    if (update.stage == "weigh") throw std::runtime_error("stop");
  };
  EXPECT_THROW((void)optimize(options_), std::runtime_error);
  EXPECT_FALSE(std::filesystem::exists(options_.out_dir / "model.gguf"));
  EXPECT_FALSE(std::filesystem::exists(options_.out_dir / "plan.json"));
  EXPECT_FALSE(std::filesystem::exists(options_.out_dir / ".optimize"));
}

TEST(MaxDrop, ReadsSharesAndNats) {
  EXPECT_DOUBLE_EQ(parse_max_drop("1%").nats(5.0), 0.05);
  EXPECT_DOUBLE_EQ(parse_max_drop("0.02").nats(5.0), 0.02);
  EXPECT_EQ(parse_max_drop("2.5%").text(), "2.5% of the baseline's NLL");
  for (const char* bad : {"", "%", "-1%", "nan", "1 %x", "inf"}) {
    EXPECT_THROW((void)parse_max_drop(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace frugal::study
