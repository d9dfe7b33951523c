#include "frugal/report/assets.h"

namespace frugal::report {

// Compiled in place of charts_bundled.cpp where the chart library was not found.
std::span<const std::string_view> chart_script() {
  return {};
}

}  // namespace frugal::report
