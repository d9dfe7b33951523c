#pragma once

/// A population that moves towards the best trade-offs between several objectives.

#include <cstdint>
#include <optional>
#include <vector>

#include "frugal/tune/searcher.h"

namespace frugal::tune {

enum class Crossover {
  kSimulatedBinary,  ///< children lie around their parents, as far apart as these are
  kUniform,          ///< a child has each value from either parent
};

struct Nsga2Options {
  std::uint64_t seed = 0;
  std::uint32_t population = 50;
  Crossover crossover = Crossover::kSimulatedBinary;
  double crossover_share = 0.9;  ///< children that have two parents
  /// Of the parameters of a child; nothing: 1 / parameters.
  std::optional<double> mutation_share = std::nullopt;
  double crossover_index = 15.0;  ///< eta: the larger, the nearer to the parents
  double mutation_index = 20.0;
};

/// The first `population` trials are random.  Then each generation of as many children is bred from
/// the best `population` of the parents and the generation before: by rank of domination, then by
/// crowding distance.  Parents of a child win a tournament of two.  Numbers are crossed and mutated
/// on their parameter's line, choices swapped and drawn anew.
///
/// Trials still pending when their children's generation begins, and those that were pruned or
/// failed, are no parents.
///
/// Errors:  as Searcher; kInvalidArgument for a population below 2, shares outside [0, 1] and
///          indices that are not above 0.
/// Threads: one at a time.
/// Source:  Deb et al. 2002; simulated binary crossover: Deb and Agrawal 1995, "Simulated binary
///          crossover for continuous search space"; polynomial mutation: Deb and Goyal 1996.
class Nsga2Searcher final : public Searcher {
 public:
  Nsga2Searcher(Space space, std::size_t objectives, const Nsga2Options& options = {});

 protected:
  [[nodiscard]] std::optional<Point> propose() override;
  /// The generation, then its parents, the best first.
  [[nodiscard]] std::vector<std::uint64_t> memory() const override;
  void set_memory(const std::vector<std::uint64_t>& numbers) override;

 private:
  [[nodiscard]] bool may_breed(std::uint64_t number) const;
  void choose_parents(std::uint64_t generation);
  [[nodiscard]] const Point& tournament(Random& source) const;
  [[nodiscard]] Point breed(Random& source) const;
  [[nodiscard]] double cross(std::size_t index, double mine, double other, Random& source) const;
  [[nodiscard]] double mutate(std::size_t index, double value, Random& source) const;

  Nsga2Options options_;
  std::uint64_t generation_ = 0;
  std::vector<std::uint64_t> parents_;  ///< of the children of `generation_`
};

}  // namespace frugal::tune
