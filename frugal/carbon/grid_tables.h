#pragma once

/// The texts of the shipped tables, as they were when the program was built.  Private to `carbon`.

#include <string_view>
#include <vector>

namespace frugal::carbon {

struct GridTable {
  std::string_view name;
  std::string_view text;
};
[[nodiscard]] std::vector<GridTable> grid_tables();

}  // namespace frugal::carbon
