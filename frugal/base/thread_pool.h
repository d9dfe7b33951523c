#pragma once

/// Fork and join: the same function on every thread of a fixed team.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace frugal {

/// A team of threads that waits asleep between jobs.
///
/// Threads: `run` is called by one thread at a time; that thread works as member 0.
class ThreadPool {
 public:
  /// Errors: kInvalidArgument when `threads` is 0 or above 1024; kIo when the system gives none.
  explicit ThreadPool(std::size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] std::size_t size() const { return workers_.size() + 1; }

  /// Calls job(member) for every member in [0, size()) and returns when all are done.
  /// The first exception thrown by a member is rethrown here.
  void run(const std::function<void(std::size_t member)>& job);

  /// Splits [0, count) into ranges that are multiples of `grain` but for the last, and calls
  /// body(begin, end) on each; members take them in order as they are free.
  void parallel_for(std::size_t count, std::size_t grain,
                    const std::function<void(std::size_t begin, std::size_t end)>& body);

 private:
  void work(std::size_t member);
  void run_member(std::size_t member);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;
  const std::function<void(std::size_t)>* job_ = nullptr;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::size_t> pending_{0};
  std::exception_ptr fault_;
  bool stopping_ = false;
  bool spins_ = false;  ///< before sleep; not with more members than CPUs
};

/// CPUs this process may run on: the affinity mask and the cgroup quota, at least 1.
[[nodiscard]] std::size_t usable_cpus();

}  // namespace frugal
