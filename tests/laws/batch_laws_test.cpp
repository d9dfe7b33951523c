/// Law of batches: what requests that were answered together are charged, and idle, is what the
/// meter read while the engine ran, whatever became of them.

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "frugal/account/receipt.h"
#include "frugal/engine/batcher.h"
#include "frugal/meter/fake.h"
#include "frugal/meter/window.h"
#include "tests/support/tiny_model.h"

namespace frugal {
namespace {

class BatchLaws : public ::testing::Test {
 protected:
  /// Up to five requests that share prefixes, guess, are cancelled or find no room.
  std::vector<Work> answer(std::mt19937& random) {
    engine::Batcher batcher(engine_, {.kv_positions = 32 + (random() % 128),
                                      .pass_tokens = 1 + (random() % 24),
                                      .share_prefixes = random() % 2 == 0});
    std::vector<Work> works;
    const std::size_t count = 1 + (random() % 5);
    for (std::size_t i = 0; i < count; ++i) {
      engine::Request request;
      request.prompt.assign(1 + (random() % 20), 1);
      for (std::size_t t = 8; t < request.prompt.size(); ++t) {
        request.prompt[t] = static_cast<engine::TokenId>(3 + (random() % 300));
      }
      request.max_tokens = 1 + (random() % 6);
      request.ignore_end = true;
      request.sampler.temperature = 0.0F;
      if (random() % 3 == 0) request.proposer = std::make_unique<engine::PromptLookup>();
      request.on_done = [&works](const engine::Ending& ending) { works.push_back(ending.work); };
      const engine::RequestId id = batcher.submit(std::move(request));
      if (random() % 8 == 0) batcher.cancel(id);
    }
    batcher.run();
    return works;
  }

  test::TempFolder folder_;
  model::Model model_ = model::load(test::write_tiny_model(folder_ / "m.gguf", {.layers = 1}));
  engine::Engine engine_{model_, {.threads = 1}};
};

TEST_F(BatchLaws, ReceiptsAndIdleAreTheMeterInAThousandRuns) {
  std::mt19937 random(1);
  std::uint64_t wasted = 0;
  for (int run = 0; run < 1'000; ++run) {
    meter::FakeMeter meter(Watts(1.0 + static_cast<double>(random() % 50)));
    const Work before = engine_.work();
    std::vector<Work> works;
    const auto readings = meter::measure(meter, [&] { works = answer(random); });
    const account::Bill bill = account::share_out(readings, works);
    Joules sum = bill.idle.energy;
    for (const account::Receipt& receipt : bill.receipts) {
      EXPECT_GE(receipt.total.energy, Joules(0.0));
      EXPECT_LE(receipt.rejected.energy + receipt.recomputed.energy, receipt.total.energy);
      sum += receipt.total.energy;
    }
    ASSERT_EQ(sum, meter::total(readings).energy) << "run " << run;
    EXPECT_GT(bill.idle.energy, Joules(0.0)) << "planning is nobody's work";
    // The same tokens, operations and bytes are the engine's own count.
    Work told;
    for (const Work& work : works) told += work;
    const PhaseWork whole = engine_.work().since(before).total();
    ASSERT_EQ(told.total().cost, whole.cost) << "run " << run;
    ASSERT_EQ(told.total().output_tokens, whole.output_tokens);
    wasted += whole.rejected_tokens + whole.recomputed_tokens;
  }
  EXPECT_GT(wasted, 0U) << "no run had anything to throw away: the law was not tried";
}

}  // namespace
}  // namespace frugal
