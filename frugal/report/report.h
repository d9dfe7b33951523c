#pragma once

/// A ledger as one HTML page that works offline.

#include <filesystem>
#include <string>

#include "frugal/ledger/ledger.h"

namespace frugal::report {

/// The page for the latest finished study in the ledger, or for its single runs if it holds none.
///
/// Errors: kNotFound when the ledger holds no finished run; those of AtomicFile on writing.
[[nodiscard]] std::string render_html(const ledger::Ledger& ledger);
void write_html(const ledger::Ledger& ledger, const std::filesystem::path& path);

}  // namespace frugal::report
