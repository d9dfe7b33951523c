#include <array>

#include "frugal/report/assets.h"

using std::string_view_literals::operator""sv;

namespace frugal::report {

std::span<const std::string_view> page_style() {
  static constexpr auto kPieces = std::to_array<std::string_view>({
#include "page_css.inc"
  });
  return kPieces;
}

}  // namespace frugal::report
