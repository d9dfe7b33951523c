#pragma once

/// Fork and join: the same function on every thread of a fixed team.

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
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

  /// Those who take part in a job: all, unless `use` said fewer.
  [[nodiscard]] std::size_t size() const { return team_; }
  /// From now on only the first `members` take part; the others stay asleep.
  /// Errors: fails FRUGAL_CHECK for 0 and for more than the pool was made with.
  void use(std::size_t members);

  /// Calls job(member) for every member in [0, size()) and returns when all are done.
  /// The first exception thrown by a member is rethrown here.
  void run(const std::function<void(std::size_t member)>& job);

  /// Splits [0, count) into ranges that are multiples of `grain` but for the last, and calls
  /// body(begin, end) on each; members take them in order as they are free.
  void parallel_for(std::size_t count, std::size_t grain,
                    const std::function<void(std::size_t begin, std::size_t end)>& body);

 private:
  struct Worker {
    std::atomic<int> calls{0};  ///< jobs it was called to; what it sleeps on
    std::thread thread;
  };
  void work(const Worker& self, std::size_t member);
  void run_member(std::size_t member);
  void stop();

  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t team_ = 1;
  const std::function<void(std::size_t)>* job_ = nullptr;
  std::atomic<int> pending_{0};  ///< of the job: those who are not done
  std::mutex mutex_;             ///< of fault_
  std::exception_ptr fault_;
  std::atomic<bool> stopping_{false};
  bool spins_ = false;  ///< before sleep; not with more members than CPUs
};

/// CPUs this process may run on: the affinity mask and the cgroup quota, at least 1.
[[nodiscard]] std::size_t usable_cpus();

}  // namespace frugal
