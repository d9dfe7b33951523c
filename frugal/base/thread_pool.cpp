#include "frugal/base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

// Waiting costs joules, and so does waking.  A member that finds no job spins for as long as the
// gap between two steps of one token may last, and then sleeps on a futex of its own, so that an
// idle pool uses no CPU and a job wakes those alone who take part.  With more members than CPUs it
// never spins: the one waited for may need the very CPU that spins.
//
// A range is dealt out in a few pieces per member, each taken by whoever is free: on a machine that
// is shared, a member may get half the time of another.

namespace frugal {

namespace {

// Longer than the steps of a token that one member does alone, shorter than two wake-ups.
constexpr double kSpinSeconds = 100e-6;
constexpr std::size_t kPiecesPerMember = 4;

void pause_once() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns once `value` is no longer `old`; spins first where that is allowed.
void wait_while(const std::atomic<int>& value, int old, bool spins) {
  const auto changed = [&] { return value.load(std::memory_order_acquire) != old; };
  if (changed()) return;
  if (spins) {
    const Seconds end = monotonic_now() + Seconds(kSpinSeconds);
    do {
      for (int i = 0; i < 32; ++i) {
        if (changed()) return;
        pause_once();
      }
    } while (monotonic_now() < end);
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadPool::ThreadPool(std::size_t threads) {
  if (threads == 0 || threads > 1024) {
    throw Error(ErrorKind::kInvalidArgument,
                str("thread count {}: expected a number from 1 to 1024", threads));
  }
  spins_ = threads <= usable_cpus();
  team_ = threads;
  workers_.reserve(threads - 1);
  try {
    for (std::size_t member = 1; member < threads; ++member) {
      workers_.push_back(std::make_unique<Worker>());
      Worker& worker = *workers_.back();
      worker.thread = std::thread([this, &worker, member] { work(worker, member); });
    }
  } catch (const std::system_error& fault) {
    stop();
    throw Error(ErrorKind::kIo, str("cannot start {} threads: {}", threads, fault.what()));
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  for (const auto& worker : workers_) {
    worker->calls.fetch_add(1, std::memory_order_release);
    worker->calls.notify_one();
  }
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

void ThreadPool::use(std::size_t members) {
  FRUGAL_CHECK(members >= 1 && members <= workers_.size() + 1);
  team_ = members;
}

void ThreadPool::run(const std::function<void(std::size_t)>& job) {
  if (team_ == 1) {
    job(0);
    return;
  }
  job_ = &job;
  fault_ = nullptr;
  pending_.store(static_cast<int>(team_), std::memory_order_relaxed);
  for (std::size_t member = 1; member < team_; ++member) {
    std::atomic<int>& calls = workers_[member - 1]->calls;
    calls.fetch_add(1, std::memory_order_release);
    calls.notify_one();
  }
  run_member(0);
  for (int left = pending_.load(std::memory_order_acquire); left != 0;
       left = pending_.load(std::memory_order_acquire)) {
    wait_while(pending_, left, spins_);
  }
  job_ = nullptr;
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
}

void ThreadPool::run_member(std::size_t member) {
  try {
    (*job_)(member);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!fault_) fault_ = std::current_exception();
  }
  if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
}

void ThreadPool::work(const Worker& self, std::size_t member) {
  int seen = 0;
  while (true) {
    wait_while(self.calls, seen, spins_);
    seen = self.calls.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_relaxed)) return;
    run_member(member);
  }
}

void ThreadPool::parallel_for(std::size_t count, std::size_t grain,
                              const std::function<void(std::size_t, std::size_t)>& body) {
  FRUGAL_CHECK(grain > 0);
  if (count == 0) return;
  const std::size_t chunks = (count + grain - 1) / grain;
  if (chunks == 1 || team_ == 1) {
    body(0, count);
    return;
  }
  const std::size_t pieces = std::min(chunks, kPiecesPerMember * size());
  std::atomic<std::size_t> next{0};
  run([&](std::size_t) {
    for (std::size_t i = next.fetch_add(1); i < pieces; i = next.fetch_add(1)) {
      const std::size_t begin = std::min(count, chunks * i / pieces * grain);
      const std::size_t end = std::min(count, chunks * (i + 1) / pieces * grain);
      if (begin < end) body(begin, end);
    }
  });
}

namespace {
// Whole CPUs of a cgroup v2 quota ("max 100000" or "150000 100000"), 0 when there is none.
std::size_t quota_cpus() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0.0;
  if (!(file >> quota >> period) || period <= 0.0) return 0;
  const auto micros = parse_double(quota);
  if (!micros) return 0;
  return static_cast<std::size_t>(std::max(1.0, std::ceil(*micros / period)));
}
}  // namespace

std::size_t usable_cpus() {
  static const std::size_t cpus = [] {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    std::size_t allowed = std::max(1U, std::thread::hardware_concurrency());
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
      allowed = static_cast<std::size_t>(std::max(1, CPU_COUNT(&mask)));
    }
    const std::size_t quota = quota_cpus();
    return quota == 0 ? allowed : std::min(allowed, quota);
  }();
  return cpus;
}

}  // namespace frugal
