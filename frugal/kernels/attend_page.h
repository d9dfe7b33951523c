#pragma once

/// Private to this folder: what fast attention kernels keep while they walk the pages.

#include "frugal/kernels/kernels.h"

namespace frugal::kernels {

/// One page for the rows [first, first + kRows).
struct PageTask {
  const AttendArgs& args;
  const std::byte* block;
  std::size_t first;
  std::size_t from;  ///< first position of the page
};

/// Where the running softmax of a row stands.
struct Running {
  float largest;
  float sum;
};

}  // namespace frugal::kernels
