#pragma once

/// Factors that people write, and those that ship: one TOML format, docs/formats/factors.md.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/carbon/factors.h"

namespace frugal::carbon {

/// A file of factors.  What it does not say is absent.
struct FactorFile {
  std::string name = {};  ///< of the set: "office 2026"
  std::vector<Intensity> zones = {};
  std::optional<Pue> pue = std::nullopt;
  std::optional<Water> water = std::nullopt;
  std::optional<Embodied> embodied = std::nullopt;
  std::optional<Tariff> tariff = std::nullopt;
};

/// Errors: those of Toml, with line and column: kCorrupt for what is no TOML, kInvalidArgument for
///         an unknown or missing key and a value outside its range: negative factors, a PUE below
///         1, a share above 1, an hour that is none; kNotFound, kPermission, kIo for the file.
[[nodiscard]] FactorFile read_factor_file(const std::filesystem::path& path);
/// `name` stands for the path in messages.
[[nodiscard]] FactorFile parse_factor_file(std::string_view text, const std::string& name);

/// "22:30" as minutes of the day; "24:00" is 1440.  Nothing for what is no such time.
[[nodiscard]] std::optional<int> minute_of_day(std::string_view text);

}  // namespace frugal::carbon
