#pragma once

/// The conversation of a search: ask for a point, measure it, tell how good it was.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/tune/space.h"

namespace frugal::tune {

enum class TrialState {
  kPending,  ///< asked for, not told
  kComplete,
  kPruned,  ///< stopped early; worse than every complete one
  kFailed,  ///< gave no number; teaches nothing
};

/// How a trial came out.
struct Outcome {
  TrialState state = TrialState::kComplete;
  std::vector<double> objectives;  ///< complete: one per objective, less is better
  double violation = 0.0;          ///< by how much constraints are broken; 0: all hold
};

struct Trial {
  std::uint64_t number = 0;
  Point point;
  Outcome outcome = {.state = TrialState::kPending, .objectives = {}, .violation = 0.0};
};

/// A search.  Several trials may be pending at once.
///
/// What is proposed depends on the space, the seed, and what was asked and told before, in this
/// order, and on nothing else.
///
/// Errors:  kInvalidArgument for a space without parameters, a trial that is not pending,
/// objectives
///          of another number or not finite, a negative violation.
/// Threads: one at a time.
class Searcher {
 public:
  virtual ~Searcher() = default;
  Searcher(const Searcher&) = delete;
  Searcher& operator=(const Searcher&) = delete;

  /// The next trial; nothing when the search has covered all there is.
  [[nodiscard]] std::optional<Trial> ask();
  void tell(std::uint64_t number, const Outcome& outcome);
  /// For one objective without constraints.
  void tell(std::uint64_t number, double objective);

  [[nodiscard]] const std::vector<Trial>& trials() const { return trials_; }
  [[nodiscard]] const Space& space() const { return space_; }
  /// The complete trial of the least first objective among those that break no constraint.
  [[nodiscard]] std::optional<Trial> best() const;

  /// Everything that was asked and told, as one line of JSON.
  [[nodiscard]] std::string state() const;
  /// Goes on as the search did that `state` is of; space, seed and options must be the same.
  /// Errors: kCorrupt for what is no state or does not fit the space; this search is unchanged
  /// then.
  void restore(std::string_view state);

 protected:
  Searcher(Space space, std::uint64_t seed, std::size_t objectives);

  [[nodiscard]] virtual std::optional<Point> propose() = 0;
  /// What a search must remember besides the trials: numbers of trials.
  [[nodiscard]] virtual std::vector<std::uint64_t> memory() const { return {}; }
  virtual void set_memory(const std::vector<std::uint64_t>& numbers);
  /// Random numbers for the trial to be proposed: no others, so that no state is left behind.
  [[nodiscard]] Random random() const { return Random(seed_).fork(trials_.size()); }
  [[nodiscard]] std::size_t objectives() const { return objectives_; }

 private:
  [[nodiscard]] Trial read_trial(const Json& json, std::uint64_t number) const;

  Space space_;
  std::uint64_t seed_;
  std::size_t objectives_;
  std::vector<Trial> trials_;
};

}  // namespace frugal::tune
