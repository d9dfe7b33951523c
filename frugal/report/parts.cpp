#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/report/html.h"
#include "frugal/report/page.h"

namespace frugal::report {
namespace {

std::string machine_value(std::string_view key, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (key.ends_with("_bytes") && value.is_number_unsigned()) {
    return human_bytes(value.get<std::uint64_t>());
  }
  // Containers are not written out: a hostile one may be nested deeper than the stack is.
  return value.is_number() || value.is_boolean() ? to_line(value) : std::string{};
}

// "memory_bytes" -> "memory".
std::string machine_key(std::string_view key) {
  constexpr std::string_view kBytes = "_bytes";
  if (key.ends_with(kBytes)) key.remove_suffix(kBytes.size());
  std::string out(key);
  for (char& c : out) {
    if (c == '_') c = ' ';
  }
  return out;
}

}  // namespace

std::string figure_cell(const std::optional<Figure>& figure, const CellFormat& format) {
  if (!figure) return unknown_cell(format.unknown_reason, format.caption);
  const Written written = write(*figure, format.factor, format.sign);
  std::string caption;
  if (!format.caption.empty()) caption = str("<small>{}</small>", escape(format.caption));
  return str("<td data-value=\"{}\">{} <span class=\"pm\">{}</span>{}</td>", figure->value,
             written.value, written.interval, caption);
}

std::string unknown_cell(std::string_view reason, std::string_view caption) {
  const std::string second = caption.empty() ? "" : str("<small>{}</small>", escape(caption));
  return str("<td class=\"unknown\">–<small>{}</small>{}</td>", escape(reason), second);
}

std::string fact(std::string_view name, std::string_view text) {
  constexpr std::size_t kLongest = 4000;
  const std::string value = text.empty() ? "– <small>not recorded</small>" : escape(text, kLongest);
  return str("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), value);
}

std::string machine_facts(std::string_view machine_json) {
  constexpr std::size_t kMost = 24;
  Json machine;
  try {
    machine = parse_json(machine_json, "machine");
  } catch (const Error&) {
    machine = nullptr;
  }
  if (!machine.is_object() || machine.empty()) {
    return "<p>– <small>the ledger holds no readable description of the machine</small></p>\n";
  }
  std::string out = "<dl class=\"facts\">\n";
  std::size_t count = 0;
  for (const auto& [key, value] : machine.items()) {
    if (++count > kMost) break;
    out += fact(machine_key(key), machine_value(key, value));
  }
  return out + "</dl>\n";
}

std::string readable_time(std::string_view utc) {
  constexpr std::size_t kLength = 20;
  if (utc.size() != kLength || utc[10] != 'T' || utc.back() != 'Z') return std::string(utc);
  return str("{} {} UTC", utc.substr(0, 10), utc.substr(11, 5));
}

}  // namespace frugal::report
