#pragma once

/// Ranks in threads of one process, for tests.

#include <gtest/gtest.h>

#include <exception>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "frugal/train/torch/communicator.h"

namespace frugal::train::test_ranks {

/// A group of one that pretends `count` ranks hold the same numbers.
class Mirror final : public Communicator {
 public:
  explicit Mirror(std::size_t count) : Communicator(0, count) {}

 protected:
  struct Arrived final : Transfer {
    void wait() override {}
  };
  std::unique_ptr<Transfer> do_sum(const Tensor& x) override {
    Tensor sum = x;
    sum.mul_(static_cast<double>(ranks()));
    return std::make_unique<Arrived>();
  }
  std::unique_ptr<Transfer> do_gather(const Tensor& own, std::vector<Tensor>& all) override {
    all.assign(ranks(), own);
    return std::make_unique<Arrived>();
  }
  std::unique_ptr<Transfer> do_broadcast(const Tensor& /*x*/, std::size_t /*from*/) override {
    return std::make_unique<Arrived>();
  }
};

/// Calls `work` in `count` threads, each with its end of a real group over the loopback interface.
inline void in_ranks(std::size_t count, const std::function<void(Communicator&)>& work) {
  std::promise<std::uint16_t> port;
  auto known = port.get_future().share();
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < count; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        Ranks ranks;
        ranks.rank = rank;
        ranks.count = count;
        ranks.port = 0;
        ranks.patience_s = 60.0;
        if (rank == 0) {
          ranks.listening = [&](std::uint16_t chosen) { port.set_value(chosen); };
        } else {
          ranks.port = known.get();
        }
        work(*connect(ranks));
      } catch (const std::exception& fault) {
        ADD_FAILURE() << "rank " << rank << ": " << fault.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

inline Tensor numbers(const std::vector<float>& values) {
  Tensor out = at::empty({static_cast<std::int64_t>(values.size())}, at::kFloat);
  for (std::size_t i = 0; i < values.size(); ++i) out.data_ptr<float>()[i] = values[i];
  return out;
}

inline std::vector<float> values_of(const Tensor& x) {
  const Tensor flat = x.detach().contiguous().view(-1);
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

}  // namespace frugal::train::test_ranks
