#pragma once

/// The two searches that learn nothing: all points of a grid, and points drawn at random.

#include <cstdint>
#include <optional>
#include <vector>

#include "frugal/tune/searcher.h"

namespace frugal::tune {

/// Every combination once, the last parameter fastest.  A number takes `steps` values spread evenly
/// from end to end (on the logarithm's line for a kLogFloat), an integer all of its values where
/// those are fewer, a category all of its choices.
///
/// Errors:  as Searcher; kInvalidArgument for 0 steps and above 2^53 combinations.
/// Threads: one at a time.
class GridSearcher final : public Searcher {
 public:
  GridSearcher(Space space, std::uint32_t steps, std::size_t objectives = 1);

  /// Points in all.
  [[nodiscard]] std::uint64_t count() const { return count_; }

 protected:
  [[nodiscard]] std::optional<Point> propose() override;

 private:
  std::vector<std::vector<double>> values_;  ///< per parameter
  std::uint64_t count_ = 1;
};

/// Independent points, each value equally likely on its parameter's line.
///
/// Errors, threads: as Searcher.
class RandomSearcher final : public Searcher {
 public:
  RandomSearcher(Space space, std::uint64_t seed, std::size_t objectives = 1);

 protected:
  [[nodiscard]] std::optional<Point> propose() override;
};

}  // namespace frugal::tune
