#pragma once

/// Two published curves of a processor's power over its load: for comparison only.

#include <optional>
#include <string_view>

#include "frugal/base/units.h"

namespace frugal::carbon::estimators {

/// 0.12, 0.32, 0.75 and 1.02 of the TDP at 0, 10, 50 and 100 % load, straight lines between.
/// Errors: a load outside [0, 1] is a bug, here and below.
/// Source: Teads Engineering 2021, as in the Green Software Foundation's Impact Framework.
[[nodiscard]] Watts teads_power(Watts tdp, double load);

enum class XeonFamily { kPlatinum, kGold, kSilver, kE5, kE3 };

/// "platinum", "gold", "silver", "e5", "e3".
[[nodiscard]] std::optional<XeonFamily> xeon_family_from_name(std::string_view name);

/// P(w) = a · ln(b · (w + c)) + d with w the load in percent, at least 1 W.
/// Source: Boavizta API, consumption profiles of processor families.
[[nodiscard]] Watts boavizta_power(XeonFamily family, double load);

/// 0.284 W per GB of memory.  Source: Boavizta API.
[[nodiscard]] Watts boavizta_memory(double gigabytes);

}  // namespace frugal::carbon::estimators
