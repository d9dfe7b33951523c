#pragma once

/// The tree-structured Parzen estimator: draw where good trials were and bad ones were not.

#include <cstdint>
#include <optional>
#include <vector>

#include "frugal/tune/searcher.h"

namespace frugal::tune {

struct TpeOptions {
  std::uint64_t seed = 0;
  std::uint32_t startup = 10;     ///< trials drawn at random first
  std::uint32_t candidates = 24;  ///< drawn per parameter, of which the best is taken
  double prior_weight = 1.0;
};

/// Of n finished trials the best gamma(n) = min(ceil(n / 10), 25) are the good ones.  Per
/// parameter, l is the density of the good ones, g that of the others; `candidates` values are
/// drawn from l and the one of the largest l / g is taken.
///
/// Pending trials count among the others, so that parallel asks keep apart (a constant liar).
/// Pruned trials rank behind complete ones, and those that break a constraint behind those that do
/// not, by how much.  Failed trials count for nothing.
///
/// Numbers: one objective.  Trials weigh 1 each below 25 of a kind; from there on the latest 25
/// weigh
///          1 and older ones less, down to 1 / n in a straight line.
/// Errors:  as Searcher; kInvalidArgument for options of 0.
/// Threads: one at a time.
/// Source:  Bergstra et al. 2011, section 4; constants as in Optuna's TPESampler.
class TpeSearcher final : public Searcher {
 public:
  explicit TpeSearcher(Space space, const TpeOptions& options = {});

 protected:
  [[nodiscard]] std::optional<Point> propose() override;

 private:
  struct Split {
    std::vector<const Trial*> good;
    std::vector<const Trial*> others;
  };
  [[nodiscard]] Split split() const;
  [[nodiscard]] double choose(std::size_t parameter, const Split& split, Random& source) const;

  TpeOptions options_;
};

}  // namespace frugal::tune
