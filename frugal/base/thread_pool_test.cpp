#include "frugal/base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "frugal/base/error.h"

namespace frugal {
namespace {

using Range = std::pair<std::size_t, std::size_t>;

std::vector<Range> ranges_of(ThreadPool& pool, std::size_t count, std::size_t grain) {
  std::mutex mutex;
  std::vector<Range> ranges;
  pool.parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
    const std::lock_guard lock(mutex);
    ranges.emplace_back(begin, end);
  });
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

TEST(ThreadPool, EveryMemberRunsExactlyOnce) {
  for (const std::size_t threads : {1U, 2U, 3U, 8U}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    std::vector<std::atomic<int>> runs(threads);
    pool.run([&](std::size_t member) { ++runs.at(member); });
    for (const auto& count : runs) EXPECT_EQ(count.load(), 1);
  }
}

TEST(ThreadPool, TheCallerIsMemberZero) {
  ThreadPool pool(3);
  std::vector<std::thread::id> ids(3);
  pool.run([&](std::size_t member) { ids[member] = std::this_thread::get_id(); });
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 3U);
}

TEST(ThreadPool, ManyShortJobsLoseNoMember) {
  for (const std::size_t threads : {std::size_t{2}, usable_cpus() + 3}) {
    ThreadPool pool(threads);
    std::vector<std::size_t> counts(threads * 16);  // a cache line each
    constexpr std::size_t kJobs = 5000;
    for (std::size_t job = 0; job < kJobs; ++job) {
      pool.run([&](std::size_t member) { ++counts[member * 16]; });
    }
    for (std::size_t member = 0; member < threads; ++member) EXPECT_EQ(counts[member * 16], kJobs);
  }
}

TEST(ThreadPool, WhatOneJobWroteTheNextMayRead) {
  ThreadPool pool(4);
  std::vector<std::uint64_t> values(4, 1);
  for (int round = 0; round < 50; ++round) {
    const std::vector<std::uint64_t> before = values;
    pool.run([&](std::size_t m) { values[m] = (before[m] + before[(m + 1) % 4]) % 1009; });
  }
  std::vector<std::uint64_t> want(4, 1);
  for (int round = 0; round < 50; ++round) {
    for (std::uint64_t& value : want) value = (value + value) % 1009;
  }
  EXPECT_EQ(values, want);
}

TEST(ThreadPool, MembersThatSleptWakeAgain) {
  ThreadPool pool(3);
  std::atomic<int> runs{0};
  for (int job = 0; job < 3; ++job) {
    pool.run([&](std::size_t) { ++runs; });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(runs.load(), 9);
}

TEST(ThreadPool, OnlyThoseInUseTakePart) {
  ThreadPool pool(4);
  for (const std::size_t members : {2U, 1U, 4U, 3U, 4U}) {
    pool.use(members);
    EXPECT_EQ(pool.size(), members);
    std::vector<std::atomic<int>> runs(4);
    for (int job = 0; job < 20; ++job) pool.run([&](std::size_t member) { ++runs.at(member); });
    for (std::size_t member = 0; member < 4; ++member) {
      EXPECT_EQ(runs[member].load(), member < members ? 20 : 0) << member << " of " << members;
    }
  }
}

TEST(ThreadPool, AnExceptionOfAnyMemberReachesTheCaller) {
  for (const std::size_t threads : {1U, 4U}) {
    ThreadPool pool(threads);
    for (std::size_t thrower = 0; thrower < threads; ++thrower) {
      EXPECT_THROW(pool.run([&](std::size_t member) {
        if (member == thrower) throw Error(ErrorKind::kIo, "member");
      }),
                   Error);
    }
  }
}

TEST(ThreadPool, OneExceptionOfManyIsRethrownAfterAllAreDone) {
  ThreadPool pool(4);
  std::atomic<int> done{0};
  EXPECT_THROW(pool.run([&](std::size_t) {
    ++done;
    throw std::runtime_error("each");
  }),
               std::runtime_error);
  EXPECT_EQ(done.load(), 4);
}

TEST(ThreadPool, WorksAgainAfterAnException) {
  ThreadPool pool(3);
  EXPECT_THROW(pool.run([](std::size_t) { throw std::runtime_error("x"); }), std::runtime_error);
  std::atomic<int> runs{0};
  EXPECT_NO_THROW(pool.run([&](std::size_t) { ++runs; }));
  EXPECT_EQ(runs.load(), 3);
}

TEST(ThreadPool, RangesCoverTheCountExactlyInMultiplesOfTheGrain) {
  for (const std::size_t threads : {1U, 2U, 3U, 7U}) {
    ThreadPool pool(threads);
    for (const std::size_t count : {1U, 2U, 7U, 31U, 32U, 33U, 1000U}) {
      for (const std::size_t grain : {1U, 4U, 32U, 2000U}) {
        const std::vector<Range> ranges = ranges_of(pool, count, grain);
        ASSERT_FALSE(ranges.empty());
        ASSERT_LE(ranges.size(), 4 * threads);
        EXPECT_EQ(ranges.front().first, 0U);
        EXPECT_EQ(ranges.back().second, count);
        for (std::size_t i = 0; i < ranges.size(); ++i) {
          EXPECT_LT(ranges[i].first, ranges[i].second);
          EXPECT_EQ(ranges[i].first % grain, 0U);
          if (i > 0) {
            EXPECT_EQ(ranges[i - 1].second, ranges[i].first);
          }
        }
      }
    }
  }
}

TEST(ThreadPool, RangesDifferByAtMostOneGrain) {
  ThreadPool pool(3);
  for (const Range& range : ranges_of(pool, 100 * 8, 8)) {
    EXPECT_GE(range.second - range.first, std::size_t{8} * 8);  // four pieces per member
    EXPECT_LE(range.second - range.first, std::size_t{9} * 8);
  }
}

TEST(ThreadPool, NothingIsCalledForACountOfZero) {
  ThreadPool pool(2);
  EXPECT_TRUE(ranges_of(pool, 0, 8).empty());
}

TEST(ThreadPool, AnExceptionOfARangeReachesTheCaller) {
  ThreadPool pool(2);
  const auto body = [](std::size_t, std::size_t end) {
    if (end == 10) throw Error(ErrorKind::kCorrupt, "range");
  };
  EXPECT_THROW(pool.parallel_for(10, 1, body), Error);
}

TEST(ThreadPool, RefusesAnImpossibleNumberOfThreads) {
  for (const std::size_t threads : {std::size_t{0}, std::size_t{1025}, ~std::size_t{0}}) {
    try {
      const ThreadPool pool(threads);
      ADD_FAILURE() << threads << " threads were accepted";
    } catch (const Error& fault) {
      EXPECT_EQ(fault.kind(), ErrorKind::kInvalidArgument);
    }
  }
}

TEST(ThreadPool, CanBeMadeAndDroppedWithoutAJob) {
  for (int i = 0; i < 20; ++i) {
    const ThreadPool pool(4);
    EXPECT_EQ(pool.size(), 4U);
  }
}

TEST(UsableCpus, IsAtLeastOneAndNoMoreThanTheMachineHas) {
  EXPECT_GE(usable_cpus(), 1U);
  EXPECT_LE(usable_cpus(), std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace frugal
