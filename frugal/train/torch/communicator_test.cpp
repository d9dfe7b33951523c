#include "frugal/train/torch/communicator.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "frugal/train/torch/ranks_for_test.h"

namespace frugal::train {
namespace {

using test_ranks::in_ranks;
using test_ranks::numbers;
using test_ranks::values_of;

TEST(Communicator, AGroupOfOneNeedsNobody) {
  const auto alone = connect({});
  const Tensor x = numbers({1, 2});
  alone->sum(x);
  alone->broadcast(x, 0);
  alone->meet();
  EXPECT_EQ(values_of(x), (std::vector<float>{1, 2}));
  EXPECT_EQ(alone->so_far().bytes, 0U);
}

TEST(Communicator, SumsGathersAndBroadcasts) {
  in_ranks(3, [](Communicator& group) {
    const auto rank = static_cast<float>(group.rank());
    const Tensor x = numbers({rank, 1.0F});
    group.sum(x);
    EXPECT_EQ(values_of(x), (std::vector<float>{3, 3}));
    std::vector<Tensor> all;
    group.begin_gather(numbers({rank}), all)->wait();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(values_of(at::cat(all)), (std::vector<float>{0, 1, 2}));
    const Tensor from_one = numbers({rank});
    group.broadcast(from_one, 1);
    EXPECT_EQ(values_of(from_one), (std::vector<float>{1}));
  });
}

TEST(Communicator, CountsTheBytesOfAllRanksAndTheTimeOfThisOne) {
  in_ranks(2, [](Communicator& group) {
    const Tensor x = at::ones({1000}, at::kFloat);
    group.sum(x);
    EXPECT_EQ(group.so_far().bytes, 2 * 4000U);
    std::vector<Tensor> all;
    group.begin_gather(x, all)->wait();
    EXPECT_EQ(group.so_far().bytes, 4 * 4000U);
    group.broadcast(x, 0);
    EXPECT_EQ(group.so_far().bytes, 5 * 4000U);
    EXPECT_GT(group.so_far().time.value(), 0.0);
  });
}

TEST(Communicator, TransfersMayBeUnderWayTogether) {
  in_ranks(2, [](Communicator& group) {
    std::vector<Tensor> xs;
    std::vector<std::unique_ptr<Transfer>> transfers;
    for (int i = 0; i < 20; ++i) {
      xs.push_back(at::full({100 + i}, static_cast<double>(i), at::kFloat));
      transfers.push_back(group.begin_sum(xs.back()));
    }
    for (const auto& transfer : transfers) transfer->wait();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(xs[i].max().item<float>(), static_cast<float>(2 * i));
  });
}

TEST(Communicator, ARankThatIsGoneIsOneLineWithANumber) {
  in_ranks(2, [](Communicator& group) {
    if (group.rank() == 1) return;
    try {
      for (int i = 0; i < 100; ++i) group.sum(at::ones({1000}, at::kFloat));
      ADD_FAILURE() << "the other rank was not missed";
    } catch (const LostRanks& lost) {
      const std::string text = lost.what();
      EXPECT_EQ(text.rfind("rank 0 of 2: lost another rank (", 0), 0U) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    }
  });
}

TEST(Communicator, WhoeverWaitsForOthersCanGiveUp) {
  Ranks ranks;
  ranks.count = 2;
  ranks.port = 0;
  ranks.waiting = [] { throw std::runtime_error("enough"); };
  EXPECT_THROW((void)connect(ranks), std::runtime_error);
  ranks.waiting = {};
  ranks.patience_s = 0.1;
  EXPECT_THROW((void)connect(ranks), LostRanks);
}

}  // namespace
}  // namespace frugal::train
