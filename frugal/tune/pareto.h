#pragma once

/// Which of several outcomes is better when there are several objectives.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "frugal/tune/searcher.h"

namespace frugal::tune {

/// Whether a is better than b: it breaks constraints by less; or both break none, a is nowhere
/// worse than b and somewhere better.
///
/// Errors:  a different number of objectives is a bug and fails FRUGAL_CHECK.
/// Threads: safe from all, as are the others.
/// Source:  Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II",
/// section
///          VI (constrained domination).
[[nodiscard]] bool dominates(const Outcome& a, const Outcome& b);

/// 0 for those that none dominates, 1 for those that only rank 0 dominates, and so on.
/// Numbers: n outcomes take O(n^2) comparisons.
[[nodiscard]] std::vector<std::size_t> domination_ranks(std::span<const Outcome* const> outcomes);

/// For outcomes of one rank: the sum over the objectives of the distance between the neighbours on
/// both sides, as a share of the whole extent; infinite for the two at the ends.
/// Source: ibid., section III B.
[[nodiscard]] std::vector<double> crowding_distances(std::span<const Outcome* const> outcomes);

/// Numbers of the complete trials that break no constraint and that no other dominates, ascending.
[[nodiscard]] std::vector<std::uint64_t> pareto_front(std::span<const Trial> trials);

}  // namespace frugal::tune
