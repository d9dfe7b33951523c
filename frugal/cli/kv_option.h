#pragma once

/// The option that says how keys and values are kept.

#include <CLI/App.hpp>
#include <string>
#include <string_view>

#include "frugal/engine/kv_pool.h"

namespace frugal::cli {

/// --kv f16, f32 or q8_0; `name` holds the default.
void add_kv(CLI::App& verb, std::string& name);

/// The type of a name that the option lets through.
[[nodiscard]] engine::KvType kv_type_of(std::string_view name);

}  // namespace frugal::cli
