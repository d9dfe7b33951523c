#include "frugal/meter/window.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "frugal/base/error.h"
#include "frugal/base/quiet_thread.h"

namespace frugal::meter {

namespace {

// A hostile counter range must not make the sampler spin, nor a huge one overflow the clock.
constexpr double kShortestSleepS = 0.005;
constexpr double kLongestSleepS = 3600.0;

}  // namespace

struct Span::Shared {
  explicit Shared(Meter& the_meter) : meter(the_meter) {}

  void keep_sampling(Seconds period) {
    const std::chrono::duration<double> sleep(
        std::clamp(period.value(), kShortestSleepS, kLongestSleepS));
    std::unique_lock<std::mutex> lock(mutex);
    while (!wake.wait_for(lock, sleep, [this] { return ended; })) {
      try {
        meter.sample();
      } catch (...) {  // a thread's root: handed over to `stop`
        fault = std::current_exception();
        return;
      }
    }
  }

  Meter& meter;
  std::mutex mutex;  ///< guards all below and every call of the meter
  std::condition_variable wake;
  bool ended = false;
  bool stopped = false;
  std::exception_ptr fault;
  std::thread sampler;
};

Span::Span(Meter& meter) : shared_(std::make_unique<Shared>(meter)) {
  meter.start();
  const std::optional<Seconds> period = meter.max_sample_period();
  if (!period) return;
  Shared* shared = shared_.get();
  shared->sampler = start_quiet_thread([shared, period] { shared->keep_sampling(*period); });
}

Span::~Span() {
  finish_thread();
  if (shared_->stopped) return;
  try {
    (void)shared_->meter.stop();
  } catch (...) {  // the span is being abandoned: nobody is left to hear of it
    shared_->stopped = true;
  }
}

void Span::sample() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  FRUGAL_CHECK(!shared_->stopped);
  shared_->meter.sample();
}

std::shared_ptr<const Mark> Span::mark() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  FRUGAL_CHECK(!shared_->stopped);
  shared_->meter.sample();
  return shared_->meter.mark();
}

std::vector<Reading> Span::lap(std::shared_ptr<const Mark>& from) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  FRUGAL_CHECK(!shared_->stopped && from != nullptr);
  shared_->meter.sample();
  std::vector<Reading> readings = shared_->meter.since(*from);
  from = shared_->meter.mark();
  return readings;
}

void Span::finish_thread() {
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->ended = true;
  }
  shared_->wake.notify_all();
  if (shared_->sampler.joinable()) shared_->sampler.join();
}

std::vector<Reading> Span::stop() {
  finish_thread();
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  FRUGAL_CHECK(!shared_->stopped);
  shared_->stopped = true;
  std::vector<Reading> readings = shared_->meter.stop();
  if (shared_->fault) std::rethrow_exception(shared_->fault);
  return readings;
}

}  // namespace frugal::meter
