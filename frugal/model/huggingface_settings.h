#pragma once

/// The settings in config.json, by name and of the type that is asked for.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/json.h"

namespace frugal::model {

/// Names that one setting goes by; the first that is present and not null counts.
using SettingNames = std::initializer_list<std::string_view>;

/// A JSON object of settings.
///
/// Errors: kCorrupt that names file and setting for a value of another type or out of range.
class Settings {
 public:
  /// Errors: kCorrupt when `json` is no object.
  Settings(Json json, std::string path);

  /// 0 to 2^31 - 1.
  [[nodiscard]] std::optional<std::uint32_t> size(SettingNames names) const;
  [[nodiscard]] std::uint32_t needed_size(SettingNames names) const;
  /// Finite as a float.
  [[nodiscard]] std::optional<double> number(SettingNames names) const;
  [[nodiscard]] double needed_number(SettingNames names) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> text(SettingNames names) const;
  /// Empty when absent.
  [[nodiscard]] std::vector<float> numbers(std::string_view name) const;
  [[nodiscard]] std::optional<Settings> section(std::string_view name) const;
  [[nodiscard]] const Json* find(SettingNames names) const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[noreturn]] void corrupt(const std::string& fault) const;
  [[noreturn]] void unsupported(const std::string& fault) const;

 private:
  [[noreturn]] void wrong(SettingNames names, const Json& found, std::string_view expected) const;

  Json json_;
  std::string path_;
};

/// A file of a folder; nothing when it does not exist.
/// Errors: those of MappedFile; of JSON and settings also kCorrupt for what is none, or above 512
/// KiB.
[[nodiscard]] std::optional<std::string> read_text(const std::string& path);
[[nodiscard]] std::optional<Json> read_small_json(const std::string& path);
[[nodiscard]] std::optional<Settings> read_settings(const std::string& path);

}  // namespace frugal::model
