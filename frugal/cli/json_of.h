#pragma once

/// Our structs as the JSON that users read: keys carry units, absent means unknown.

#include <vector>

#include "frugal/account/receipt.h"
#include "frugal/base/json.h"
#include "frugal/base/work.h"
#include "frugal/meter/meter.h"

namespace frugal::cli {

[[nodiscard]] Json json_of(const meter::Reading& reading);
[[nodiscard]] Json json_of(const std::vector<meter::Reading>& readings);
[[nodiscard]] Json json_of(const PhaseWork& work);
/// {"energy_j":…, "phases":{"prefill":{"energy_j":…, "work":{…}}, …}}; phases without work left
/// out.
[[nodiscard]] Json json_of(const account::Receipt& receipt);

/// "163.2 W": four digits, as power is compared.
[[nodiscard]] std::string power_text(Watts power);
/// "1.23 mJ ± 0.62 mJ (modelled)", or "energy unknown: <why>".
[[nodiscard]] std::string text_of(const meter::Reading& reading);

}  // namespace frugal::cli
