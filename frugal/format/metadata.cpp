#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/gguf.h"
#include "frugal/format/gguf_layout.h"

namespace frugal::format {

namespace {
[[noreturn]] void wrong_type(std::string_view key, const MetaValue& value,
                             std::string_view expected) {
  throw Error(ErrorKind::kCorrupt, str("metadata key '{}': {} {}, expected {}", printable(key),
                                       value_type_name(static_cast<std::uint32_t>(value.index())),
                                       printable(to_text(value), 40), expected));
}
}  // namespace

// Spelled out: Clang 14 crashes on a default here, where variant and array need each other.
bool MetaArray::operator==(const MetaArray& other) const {
  return element_type == other.element_type && values == other.values;
}

const MetaValue* Metadata::find(std::string_view key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [key](const MetaEntry& entry) { return entry.key == key; });
  return found == entries_.end() ? nullptr : &found->value;
}

void Metadata::set(std::string_view key, MetaValue value) {
  for (MetaEntry& entry : entries_) {
    if (entry.key != key) continue;
    entry.value = std::move(value);
    return;
  }
  entries_.push_back({std::string(key), std::move(value)});
}

void Metadata::erase(std::string_view key) {
  std::erase_if(entries_, [key](const MetaEntry& entry) { return entry.key == key; });
}

std::optional<std::uint64_t> Metadata::get_uint(std::string_view key) const {
  const MetaValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::uint64_t> number = as_uint(*value);
  if (!number) wrong_type(key, *value, "an integer that is not negative");
  return number;
}

std::optional<double> Metadata::get_float(std::string_view key) const {
  const MetaValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  return std::visit(
      [&](const auto& held) -> double {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
          return static_cast<double>(held);
        } else {
          wrong_type(key, *value, "a number");
        }
      },
      *value);
}

std::optional<bool> Metadata::get_bool(std::string_view key) const {
  const MetaValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const bool* held = std::get_if<bool>(value);
  if (held == nullptr) wrong_type(key, *value, "bool");
  return *held;
}

std::optional<std::string_view> Metadata::get_string(std::string_view key) const {
  const MetaValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const std::string* held = std::get_if<std::string>(value);
  if (held == nullptr) wrong_type(key, *value, "string");
  return *held;
}

const MetaArray* Metadata::get_array(std::string_view key) const {
  const MetaValue* value = find(key);
  if (value == nullptr) return nullptr;
  const MetaArray* held = std::get_if<MetaArray>(value);
  if (held == nullptr) wrong_type(key, *value, "array");
  return held;
}

namespace {
void append_value(std::string& out, const MetaValue& value, std::size_t max_elements, bool quoted);

void append_array(std::string& out, const MetaArray& array, std::size_t max_elements) {
  const std::size_t shown = std::min(max_elements, array.values.size());
  out += '[';
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ", ";
    append_value(out, array.values[i], max_elements, true);
  }
  if (shown < array.values.size()) {
    out += str("{}… {} in all", shown > 0 ? ", " : "", array.values.size());
  }
  out += ']';
}

void append_value(std::string& out, const MetaValue& value, std::size_t max_elements, bool quoted) {
  std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, MetaArray>) {
          append_array(out, held, max_elements);
        } else if constexpr (std::is_same_v<T, std::string>) {
          const std::string text = printable(held, std::numeric_limits<std::size_t>::max());
          out += quoted ? str("\"{}\"", text) : text;
        } else {
          out += str("{}", held);
        }
      },
      value);
}
}  // namespace

std::string to_text(const MetaValue& value, std::size_t max_elements) {
  std::string out;
  append_value(out, value, max_elements, false);
  return out;
}

}  // namespace frugal::format
