#pragma once

/// What a ledger file looks like inside, and how an older one is brought up to date.

#include <cstdint>
#include <span>
#include <string_view>

#include "frugal/ledger/sqlite.h"

namespace frugal::ledger {

/// "FRUG", in the header of the file: what tells a ledger from other SQLite files.
inline constexpr std::int64_t kApplicationId = 0x46525547;

/// Step i is the SQL that brings a file of version i to version i + 1; version 0 is an empty file.
/// Steps are never changed once released.
[[nodiscard]] std::span<const std::string_view> migrations();

/// The version of the file, 0 when it is empty.
///
/// Errors: kCorrupt for a database that is no ledger; kUnsupported for a version above `newest`.
[[nodiscard]] std::int64_t file_version(const sqlite::Connection& connection, std::int64_t newest);

/// Brings the file to version `steps.size()` in one transaction: all steps or none.
///
/// Errors: as file_version, and those of the steps.
/// Threads: safe against other processes that migrate the same file.
void migrate(sqlite::Connection& connection, std::span<const std::string_view> steps);

}  // namespace frugal::ledger
