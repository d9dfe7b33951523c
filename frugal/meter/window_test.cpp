#include "frugal/meter/window.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "frugal/base/error.h"
#include "frugal/meter/fake.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

TEST(Measure, CoversTheCallAndNothingElse) {
  FakeClock clock;
  FakeMeter meter(Watts(10.0), clock.function());
  clock.advance(5.0);
  const std::vector<Reading> readings = measure(meter, [&clock] { clock.advance(2.0); });
  clock.advance(5.0);
  EXPECT_DOUBLE_EQ(readings.front().energy.value(), 20.0);
  EXPECT_EQ(meter.starts(), 1U);
  EXPECT_EQ(meter.stops(), 1U);
}

TEST(Measure, StopsTheMeterWhenTheWorkThrows) {
  FakeMeter meter(Watts(10.0));
  EXPECT_THROW((void)measure(meter, [] { throw std::runtime_error("work"); }), std::runtime_error);
  EXPECT_EQ(meter.stops(), 1U);
}

TEST(Span, DoesNotSampleWhereNothingCanBeLost) {
  FakeMeter meter(Watts(10.0));
  Span span(meter);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  (void)span.stop();
  EXPECT_EQ(meter.samples(), 0U);
}

/// A meter that can be waited for.
class WatchedMeter final : public Meter {
 public:
  [[nodiscard]] std::string_view name() const override { return "watched"; }
  [[nodiscard]] std::string description() const override { return "counts its samples"; }
  [[nodiscard]] std::optional<Seconds> max_sample_period() const override { return Seconds(0.005); }
  void start() override { samples_ = 0; }
  void sample() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++samples_;
    changed_.notify_all();
    if (fails_) throw Error(ErrorKind::kIo, "counter: gone");
  }
  [[nodiscard]] std::shared_ptr<const Mark> mark() const override { return nullptr; }
  [[nodiscard]] std::vector<Reading> since(const Mark& /*from*/) const override { return {}; }
  [[nodiscard]] std::vector<Reading> stop() override {
    ++stops_;
    return {Reading{}};
  }

  void wait_for_samples(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this, count] { return samples_ >= count; });
  }
  void fail() { fails_ = true; }
  [[nodiscard]] int stops() const { return stops_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int samples_ = 0;
  int stops_ = 0;
  bool fails_ = false;
};

TEST(Span, KeepsSamplingAMeterThatNeedsIt) {
  WatchedMeter meter;
  Span span(meter);
  meter.wait_for_samples(3);  // hangs, and times out, if the thread does not sample
  span.sample();              // beside the thread
  EXPECT_EQ(span.stop().size(), 1U);
  EXPECT_EQ(meter.stops(), 1);
}

TEST(Span, EndsItsThreadWhenItIsAbandoned) {
  WatchedMeter meter;
  {
    const Span span(meter);
    meter.wait_for_samples(1);
  }
  EXPECT_EQ(meter.stops(), 1);
}

TEST(Span, ReportsAtStopWhatTheMeterThrewInTheThread) {
  WatchedMeter meter;
  meter.fail();
  Span span(meter);
  meter.wait_for_samples(1);
  EXPECT_THROW((void)span.stop(), Error);
  EXPECT_EQ(meter.stops(), 1);
}

TEST(Span, SurvivesAPeriodBeyondTheClock) {
  FakeMeter meter(Watts(10.0));
  meter.set_max_sample_period(Seconds(1e300));
  Span span(meter);
  EXPECT_EQ(span.stop().size(), 1U);
  EXPECT_EQ(meter.samples(), 0U);
}

TEST(Window, NestsOverlapsAndAddsUp) {
  FakeClock clock;
  FakeMeter meter(Watts(10.0), clock.function());
  Span span(meter);
  clock.advance(1.0);
  const Window outer(span);
  clock.advance(2.0);
  const Window inner(span);
  clock.advance(3.0);
  EXPECT_DOUBLE_EQ(total(inner.so_far()).energy.value(), 30.0);
  clock.advance(4.0);
  EXPECT_DOUBLE_EQ(total(inner.so_far()).energy.value(), 70.0);  // asking ended nothing
  EXPECT_DOUBLE_EQ(total(outer.so_far()).energy.value(), 90.0);
  EXPECT_DOUBLE_EQ(total(span.stop()).energy.value(), 100.0);
}

TEST(Span, LapsFollowEachOther) {
  FakeClock clock;
  FakeMeter meter(Watts(10.0), clock.function());
  Span span(meter);
  auto from = span.mark();
  double sum_j = 0.0;
  for (int i = 1; i <= 4; ++i) {
    clock.advance(i);
    sum_j += total(span.lap(from)).energy.value();
  }
  EXPECT_DOUBLE_EQ(sum_j, 100.0);
  EXPECT_DOUBLE_EQ(total(span.stop()).energy.value(), 100.0);
}

TEST(SpanDeathTest, RefusesToStopTwice) {
  FakeMeter meter(Watts(10.0));
  Span span(meter);
  (void)span.stop();
  EXPECT_DEATH((void)span.stop(), "stopped");
}

}  // namespace
}  // namespace frugal::meter
