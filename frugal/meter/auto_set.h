#pragma once

/// The meters that count every joule of a machine, and none twice.  Private to `meter`.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "frugal/meter/meter.h"

namespace frugal::meter {

/// Opens the meter of a name; throws Error where the machine lacks it.
using OpenNamedFn = std::function<std::unique_ptr<Meter>(std::string name)>;

/// The set that choose_meter promises for "auto"; its description says why.
[[nodiscard]] std::unique_ptr<Meter> auto_set(const std::filesystem::path& root,
                                              const OpenNamedFn& open);

}  // namespace frugal::meter
