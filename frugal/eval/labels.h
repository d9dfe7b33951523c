#pragma once

/// How often a classifier is right.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/base/statistics.h"
#include "frugal/engine/engine.h"

namespace frugal::eval {

/// One set of classes.
struct LabelScore {
  std::string key;
  std::size_t right = 0;
  Proportion accuracy;  ///< with its 95 % interval
};

struct LabelScores {
  std::size_t texts = 0;
  std::vector<LabelScore> groups;  ///< in the model's order
};

/// Classifies the text of each line: an object with "text", or with "messages" of which the user's
/// first is taken, and a string or a whole number for each of the model's groups of classes.  A
/// class that the model does not know counts as missed.
///
/// Errors: kUnsupported for a model without a classifier or without names of its classes;
///         kCorrupt, naming `where` and the line, for a line that is none; those of the engine.
[[nodiscard]] LabelScores score_labels(engine::Engine& engine, std::string_view lines,
                                       std::string_view where, const ProgressFn& progress = {});

}  // namespace frugal::eval
