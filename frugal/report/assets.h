#pragma once

/// Files that are built into the program and stand in every page.

#include <span>
#include <string_view>

namespace frugal::report {

/// The style sheet, in pieces to be written one after the other.
[[nodiscard]] std::span<const std::string_view> page_style();

/// The script with the chart library, in pieces; empty in a build without the library.
[[nodiscard]] std::span<const std::string_view> chart_script();

}  // namespace frugal::report
