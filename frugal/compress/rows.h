#pragma once

/// A matrix that is to be stored anew, read row by row.

#include <cstddef>
#include <functional>
#include <span>

#include "frugal/tensor/dtype.h"

namespace frugal::compress {

struct Rows {
  DType type = DType::kQ4_0;  ///< to be stored in
  std::size_t count = 0;
  /// Fills `out` with one row of finite numbers that fit the type; on any thread.
  std::function<void(std::size_t row, std::span<float> out)> read = {};
  /// Told now and then how many rows are done, on the caller's thread; may throw to stop.
  std::function<void(std::size_t rows)> done = {};
};

}  // namespace frugal::compress
