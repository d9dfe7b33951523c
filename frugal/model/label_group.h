#pragma once

/// What a classifier's scores stand for.

#include <string>
#include <vector>

namespace frugal::model {

/// A set of classes that a text has one of.
struct LabelGroup {
  std::string key;                   ///< "intent"; empty where the names have none
  std::vector<std::string> classes;  ///< in the order of the scores

  bool operator==(const LabelGroup&) const = default;
};

/// "intent:refund", … of all groups in order: names for a classifier's scores.
[[nodiscard]] std::vector<std::string> label_names(const std::vector<LabelGroup>& groups);
/// The groups that such names describe.
[[nodiscard]] std::vector<LabelGroup> groups_of(const std::vector<std::string>& names);

}  // namespace frugal::model
