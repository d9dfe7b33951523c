#include "frugal/model/label_group.h"

#include <cstddef>

namespace frugal::model {

std::vector<std::string> label_names(const std::vector<LabelGroup>& groups) {
  std::vector<std::string> names;
  for (const LabelGroup& group : groups) {
    for (const std::string& name : group.classes) names.push_back(group.key + ":" + name);
  }
  return names;
}

std::vector<LabelGroup> groups_of(const std::vector<std::string>& names) {
  std::vector<LabelGroup> groups;
  for (const std::string& name : names) {
    const std::size_t colon = name.find(':');
    const std::string key = colon == std::string::npos ? "" : name.substr(0, colon);
    if (groups.empty() || groups.back().key != key) groups.push_back({key, {}});
    groups.back().classes.push_back(colon == std::string::npos ? name : name.substr(colon + 1));
  }
  return groups;
}

}  // namespace frugal::model
