#include "frugal/model/huggingface_settings.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/mapped_file.h"

namespace frugal::model {

namespace {
// Objects are searched from the front, so that a settings file of megabytes would take minutes.
constexpr std::size_t kMaxSettingsBytes = std::size_t{1} << 19U;
}  // namespace

Settings::Settings(Json json, std::string path) : json_(std::move(json)), path_(std::move(path)) {
  if (!json_.is_object()) corrupt("found no object, expected settings by name");
}

void Settings::corrupt(const std::string& fault) const {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", path_, fault));
}

void Settings::unsupported(const std::string& fault) const {
  throw Error(ErrorKind::kUnsupported, str("{}: {}", path_, fault));
}

void Settings::wrong(SettingNames names, const Json& found, std::string_view expected) const {
  corrupt(str("'{}' is {}, expected {}", *names.begin(), printable(to_line(found)), expected));
}

const Json* Settings::find(SettingNames names) const {
  for (const std::string_view name : names) {
    const auto found = json_.find(std::string(name));
    if (found != json_.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

std::optional<std::uint32_t> Settings::size(SettingNames names) const {
  const Json* value = find(names);
  if (value == nullptr) return std::nullopt;
  constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > kMax) {
    wrong(names, *value, str("a whole number, at most {}", kMax));
  }
  return value->get<std::uint32_t>();
}

std::uint32_t Settings::needed_size(SettingNames names) const {
  const auto value = size(names);
  if (!value) corrupt(str("no '{}', expected a whole number", *names.begin()));
  return *value;
}

std::optional<double> Settings::number(SettingNames names) const {
  const Json* value = find(names);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number() || !std::isfinite(static_cast<float>(value->get<double>()))) {
    wrong(names, *value, "a finite number");
  }
  return value->get<double>();
}

double Settings::needed_number(SettingNames names) const {
  const auto value = number(names);
  if (!value) corrupt(str("no '{}', expected a number", *names.begin()));
  return *value;
}

std::optional<bool> Settings::flag(std::string_view name) const {
  const Json* value = find({name});
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) wrong({name}, *value, "true or false");
  return value->get<bool>();
}

std::optional<std::string> Settings::text(SettingNames names) const {
  const Json* value = find(names);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) wrong(names, *value, "a text");
  return value->get<std::string>();
}

std::vector<float> Settings::numbers(std::string_view name) const {
  std::vector<float> out;
  const Json* value = find({name});
  if (value == nullptr) return out;
  if (!value->is_array()) wrong({name}, *value, "a list of numbers");
  for (const Json& element : *value) {
    if (!element.is_number() || !std::isfinite(element.get<float>())) {
      wrong({name}, element, "a list of finite numbers");
    }
    out.push_back(element.get<float>());
  }
  return out;
}

std::optional<Settings> Settings::section(std::string_view name) const {
  const Json* value = find({name});
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) wrong({name}, *value, "an object");
  return Settings(*value, str("{}: {}", path_, name));
}

std::optional<std::string> read_text(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  const format::MappedFile file(path);
  return std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
}

std::optional<Json> read_small_json(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return std::nullopt;
  if (text->size() > kMaxSettingsBytes) {
    throw Error(ErrorKind::kCorrupt,
                str("{}: {} bytes, expected at most {}", path, text->size(), kMaxSettingsBytes));
  }
  return parse_json(*text, path);
}

std::optional<Settings> read_settings(const std::string& path) {
  auto json = read_small_json(path);
  if (!json) return std::nullopt;
  return Settings(std::move(*json), path);
}

}  // namespace frugal::model
