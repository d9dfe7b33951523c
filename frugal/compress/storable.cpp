#include "frugal/compress/storable.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/kernels/round.h"

namespace frugal::compress {

namespace {

constexpr float kLargestHalf = 65504.0F;

// Steps between the smallest and the largest number of a block that stores its minimum; 0: it does
// not.
float steps_above_minimum(DType type) {
  if (type == DType::kQ4_1) return 15.0F;
  return type == DType::kQ5_1 ? 31.0F : 0.0F;
}

// The column of the first number that does not survive rounding to `type`.
std::optional<std::size_t> first_unstorable(std::span<const float> row, DType type) {
  const float limit = kernels::largest_roundable(type);
  const auto bad = std::find_if_not(row.begin(), row.end(), [limit](float value) {
    return std::abs(value) <= limit;  // false for NaN too
  });
  if (bad != row.end()) return static_cast<std::size_t>(bad - row.begin());
  const float steps = steps_above_minimum(type);
  if (steps == 0.0F) return std::nullopt;
  const auto block = static_cast<std::ptrdiff_t>(traits(type).block_elements);
  for (auto at = row.begin(); at != row.end(); at += block) {
    const auto [low, high] = std::minmax_element(at, at + block);
    if (std::abs(*low) > kLargestHalf) return static_cast<std::size_t>(low - row.begin());
    if (*high - *low > steps * kLargestHalf) return static_cast<std::size_t>(high - row.begin());
  }
  return std::nullopt;
}

std::string storable(DType type) {
  const float steps = steps_above_minimum(type);
  if (steps == 0.0F)
    return str("at most {:g} for {}", kernels::largest_roundable(type), name(type));
  return str("blocks from within {:g} of 0 to at most {:g} above for {}", kLargestHalf,
             steps * kLargestHalf, name(type));
}

}  // namespace

void check_storable(std::span<const float> row, DType type, const RowPlace& place) {
  const auto bad = first_unstorable(row, type);
  if (!bad) return;
  throw Error(ErrorKind::kCorrupt,
              str("{}: tensor '{}': row {}, column {} is {}, expected {}", place.file, place.tensor,
                  place.row, *bad, row[*bad], storable(type)));
}

}  // namespace frugal::compress
