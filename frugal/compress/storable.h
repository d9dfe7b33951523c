#pragma once

/// Whether numbers survive rounding to a type.

#include <cstddef>
#include <span>
#include <string>

#include "frugal/tensor/dtype.h"

namespace frugal::compress {

/// Where a row of numbers comes from, for messages.
struct RowPlace {
  const std::string& file;
  const std::string& tensor;
  std::size_t row = 0;
};

/// Refuses a number that is not finite, or too large for the scales of the type.
///
/// Errors: kCorrupt, naming file, tensor, row and column, what stands there and what could.
void check_storable(std::span<const float> row, DType type, const RowPlace& place);

}  // namespace frugal::compress
