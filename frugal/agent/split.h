#pragma once

/// Which tasks teach, which choose and which examine.

#include <array>
#include <optional>
#include <string_view>

namespace frugal::agent {

/// Every name, id, amount and phrasing belongs to exactly one split, so that a model is examined on
/// what it has never read.
enum class Split { kTrain, kValidation, kTest };
inline constexpr std::array kAllSplits = {Split::kTrain, Split::kValidation, Split::kTest};

/// "train", "validation", "test".
[[nodiscard]] std::string_view split_name(Split split);
[[nodiscard]] std::optional<Split> split_from_name(std::string_view name);

/// The split that owns a value, by a hash of its text: eight tenths train, one validation, one
/// test.
[[nodiscard]] Split split_of(std::string_view value);

}  // namespace frugal::agent
