#include "frugal/agent/split.h"

#include "frugal/base/random.h"

namespace frugal::agent {

std::string_view split_name(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValidation:
      return "validation";
    case Split::kTest:
      return "test";
  }
  return "";
}

std::optional<Split> split_from_name(std::string_view name) {
  for (const Split split : kAllSplits) {
    if (name == split_name(split)) return split;
  }
  return std::nullopt;
}

Split split_of(std::string_view value) {
  const auto tenth = hash_of(value) % 10;
  if (tenth < 8) return Split::kTrain;
  return tenth == 8 ? Split::kValidation : Split::kTest;
}

}  // namespace frugal::agent
