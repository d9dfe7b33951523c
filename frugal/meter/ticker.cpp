#include "frugal/meter/ticker.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/quiet_thread.h"

namespace frugal::meter {

struct Ticker::Shared {
  void run(std::chrono::duration<double> period, const std::function<void()>& tick) {
    using Clock = std::chrono::steady_clock;
    const auto step = std::chrono::duration_cast<Clock::duration>(period);
    Clock::time_point next = Clock::now() + step;
    std::unique_lock<std::mutex> lock(mutex);
    while (!wake.wait_until(lock, next, [this] { return ended; })) {
      lock.unlock();
      try {
        tick();
      } catch (...) {  // a thread's root: handed over to `stop`
        fault = std::current_exception();
        return;
      }
      const Clock::time_point now = Clock::now();
      next = next + step < now ? now + step : next + step;
      lock.lock();
    }
  }

  std::mutex mutex;
  std::condition_variable wake;
  bool ended = false;
  std::exception_ptr fault;
  std::thread thread;
};

Ticker::Ticker(Seconds period, std::function<void()> tick) : shared_(std::make_unique<Shared>()) {
  constexpr Seconds kShortest{0.001};
  constexpr Seconds kLongest{86'400.0};
  FRUGAL_CHECK(period >= kShortest);
  const std::chrono::duration<double> step(std::min(period, kLongest).value());
  shared_->thread = start_quiet_thread(
      [shared = shared_.get(), step, tick = std::move(tick)] { shared->run(step, tick); });
}

Ticker::~Ticker() {
  join();
}

void Ticker::join() {
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->ended = true;
  }
  shared_->wake.notify_all();
  if (shared_->thread.joinable()) shared_->thread.join();
}

void Ticker::stop() {
  join();
  if (shared_->fault) std::rethrow_exception(std::exchange(shared_->fault, nullptr));
}

}  // namespace frugal::meter
