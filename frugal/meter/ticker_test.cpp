#include "frugal/meter/ticker.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "frugal/base/error.h"

namespace frugal::meter {
namespace {

/// Counts, and can be waited for.
class Counter {
 public:
  void add() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void wait_for(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }
  [[nodiscard]] int count() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

TEST(Ticker, TicksUntilItIsStopped) {
  Counter counter;
  Ticker ticker(Seconds(0.001), [&] { counter.add(); });
  counter.wait_for(3);  // hangs, and times out, if it does not tick
  ticker.stop();
  const int count = counter.count();
  EXPECT_GE(count, 3);
  EXPECT_EQ(counter.count(), count);
}

TEST(Ticker, StopsAtOnceHoweverLongItsPeriod) {
  Counter counter;
  Ticker ticker(Seconds(1e9), [&] { counter.add(); });
  ticker.stop();  // hangs, and times out, if it waits for the period
  EXPECT_EQ(counter.count(), 0);
}

TEST(Ticker, HandsOverWhatATickThrew) {
  Counter counter;
  Ticker ticker(Seconds(0.001), [&] {
    counter.add();
    throw Error(ErrorKind::kIo, "gone");
  });
  counter.wait_for(1);
  EXPECT_THROW(ticker.stop(), Error);
  EXPECT_EQ(counter.count(), 1);
}

}  // namespace
}  // namespace frugal::meter
