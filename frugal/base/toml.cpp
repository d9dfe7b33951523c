// toml++ parses; its tree becomes one of ours, where every value keeps its place in the file.  Each
// getter notes the path that it was asked for.  `finish` walks the leaves, which are the values and
// the empty tables, and holds them against the notes.

#include "frugal/base/toml.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <utility>

#include "frugal/base/atomic_file.h"
#include "frugal/base/edit_distance.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal {

namespace {

constexpr std::uint64_t kMaxFileBytes = 1U << 20U;
// a.a.a.… is a table in a table in a table: reading and freeing them recurses.
constexpr std::ptrdiff_t kMaxDotsOfALine = 500;

enum class Kind { kTable, kArray, kText, kInteger, kNumber, kBoolean, kDate };

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kTable:
      return "a table";
    case Kind::kArray:
      return "an array";
    case Kind::kText:
      return "a text";
    case Kind::kInteger:
      return "an integer";
    case Kind::kNumber:
      return "a number";
    case Kind::kBoolean:
      return "true or false";
    case Kind::kDate:
      return "a date or time";
  }
  return "";
}

[[noreturn]] void refuse_argument(const std::string& what) {
  throw Error(ErrorKind::kInvalidArgument, what);
}

// A step on a path: a name and, behind it, places in arrays.
struct Step {
  std::string_view name;
  std::vector<std::size_t> places;
};

Step parse_step(std::string_view text, std::string_view key) {
  const std::size_t bracket = std::min(text.find('['), text.size());
  Step step = {.name = text.substr(0, bracket), .places = {}};
  std::string_view rest = text.substr(bracket);
  while (!rest.empty()) {
    const std::size_t end = rest.find(']');
    const auto place = end == std::string_view::npos || rest[0] != '['
                           ? std::nullopt
                           : parse_int(rest.substr(1, end - 1));
    if (!place || *place < 0) refuse_argument(str("key '{}': expected a[0].b", printable(key)));
    step.places.push_back(static_cast<std::size_t>(*place));
    rest.remove_prefix(end + 1);
  }
  if (step.name.empty()) refuse_argument(str("key '{}': expected a.b.c", printable(key)));
  return step;
}

std::vector<Step> parse_path(std::string_view key) {
  std::vector<Step> steps;
  for (const std::string_view part : split(key, '.')) steps.push_back(parse_step(part, key));
  if (steps.empty() || key.back() == '.') {
    refuse_argument(str("key '{}': expected a.b.c", printable(key)));
  }
  return steps;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string joined(std::string_view table, std::string_view name) {
  return table.empty() ? std::string(name) : str("{}.{}", table, name);
}

}  // namespace

struct Toml::Node {
  Kind kind = Kind::kTable;
  std::map<std::string, Node, std::less<>> members;
  std::vector<Node> items;
  std::string text;  ///< also how a value is shown
  std::int64_t integer = 0;
  double number = 0.0;
  bool boolean = false;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string origin;  ///< instead of the place: "--set train.steps"

  [[nodiscard]] std::string shown() const {
    if (kind == Kind::kTable || kind == Kind::kArray) return std::string(name_of(kind));
    return kind == Kind::kText ? str("\"{}\"", printable(text, 60)) : text;
  }
};

struct Toml::Leaf {
  std::string path;
  const Node* node;
};

// From toml++'s tree to ours, and down ours.
struct Toml::Reader {
  static Node convert(const toml::node& from) {
    Node node;
    node.line = from.source().begin.line;
    node.column = from.source().begin.column;
    if (const toml::table* table = from.as_table()) {
      for (const auto& [key, value] : *table) {
        Node& member = node.members[std::string(key.str())];
        member = convert(value);
        // A value is where its key is.
        if (key.source().begin.line == 0) continue;
        member.line = key.source().begin.line;
        member.column = key.source().begin.column;
      }
    } else if (const toml::array* array = from.as_array()) {
      node.kind = Kind::kArray;
      for (const toml::node& item : *array) node.items.push_back(convert(item));
    } else {
      convert_value(from, node);
    }
    return node;
  }

  static void convert_value(const toml::node& from, Node& node) {
    if (const auto* text = from.as_string()) {
      node.kind = Kind::kText;
      node.text = text->get();
    } else if (const auto* integer = from.as_integer()) {
      node.kind = Kind::kInteger;
      node.integer = integer->get();
      node.number = static_cast<double>(node.integer);
      node.text = str("{}", node.integer);
    } else if (const auto* number = from.as_floating_point()) {
      node.kind = Kind::kNumber;
      node.number = number->get();
      node.text = str("{}", node.number);
    } else if (const auto* boolean = from.as_boolean()) {
      node.kind = Kind::kBoolean;
      node.boolean = boolean->get();
      node.text = node.boolean ? "true" : "false";
    } else {
      node.kind = Kind::kDate;
      node.text = "a date or time";
    }
  }

  static std::unique_ptr<Node> parse(std::string_view text, const std::string& name) {
    for (const std::string_view line : split(text, '\n')) {
      if (std::count(line.begin(), line.end(), '.') > kMaxDotsOfALine) {
        throw Error(ErrorKind::kUnsupported,
                    str("{}: a line with more than {} dots", name, kMaxDotsOfALine));
      }
    }
    try {
      return std::make_unique<Node>(convert(toml::parse(text)));
    } catch (const toml::parse_error& fault) {
      const toml::source_position at = fault.source().begin;
      throw Error(ErrorKind::kCorrupt, str("{}:{}:{}: {}", name, at.line, at.column,
                                           printable(fault.description(), 200)));
    }
  }

  // The value that a text typed on a command line means.
  static Node value_of(std::string_view text) {
    Node plain;
    plain.kind = Kind::kText;
    plain.text = text;
    if (text.size() > kMaxFileBytes || text.find('\n') != std::string_view::npos) return plain;
    try {
      const std::unique_ptr<Node> table = parse(str("value = {}", text), "--set");
      Node& value = table->members.at("value");
      return value.kind == Kind::kDate ? plain : std::move(value);
    } catch (const Error&) {
      return plain;
    }
  }

  static void leaves(const Node& node, const std::string& path, std::vector<Leaf>& out) {
    const bool tables = node.kind == Kind::kArray && !node.items.empty() &&
                        std::all_of(node.items.begin(), node.items.end(),
                                    [](const Node& item) { return item.kind == Kind::kTable; });
    if (node.kind == Kind::kTable && !node.members.empty()) {
      for (const auto& [name, member] : node.members) leaves(member, joined(path, name), out);
    } else if (tables) {
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        leaves(node.items[i], str("{}[{}]", path, i), out);
      }
    } else if (!path.empty()) {
      out.push_back({path, &node});
    }
  }
};

Toml::Toml(std::unique_ptr<Node> root, std::string name)
    : root_(std::move(root)), name_(std::move(name)) {}
Toml::~Toml() = default;
Toml::Toml(Toml&& other) noexcept = default;
Toml& Toml::operator=(Toml&& other) noexcept = default;

Toml Toml::parse(const std::filesystem::path& path) {
  return from_text(read_text_file(path, kMaxFileBytes), path.string());
}

Toml Toml::from_text(std::string_view text, std::string name) {
  std::unique_ptr<Node> root = Reader::parse(text, name);
  return Toml(std::move(root), std::move(name));
}

std::string Toml::where(const Node& node) const {
  if (!node.origin.empty()) return node.origin;
  return str("{}:{}:{}", name_, node.line, node.column);
}

void Toml::refuse(const Node& node, std::string_view key, std::string_view expected) const {
  refuse_argument(
      str("{}: key '{}': found {}, expected {}", where(node), key, node.shown(), expected));
}

void Toml::set(std::string_view key, std::string_view value) {
  const std::string origin = str("--set {}", printable(key));
  Node* at = root_.get();
  for (const Step& step : parse_path(key)) {
    if (at->kind != Kind::kTable) {
      refuse_argument(
          str("{}: '{}' is no member of {}", origin, printable(step.name), at->shown()));
    }
    at = &at->members[std::string(step.name)];
    for (const std::size_t place : step.places) {
      if (at->kind != Kind::kArray || place >= at->items.size()) {
        refuse_argument(str("{}: no element {} in '{}'", origin, place, printable(step.name)));
      }
      at = &at->items[place];
    }
  }
  *at = Reader::value_of(value);
  at->origin = origin;
}

const Toml::Node* Toml::find(std::string_view key) {
  asked_.emplace(key);
  const Node* at = root_.get();
  for (const Step& step : parse_path(key)) {
    if (at->kind != Kind::kTable) refuse(*at, key, str("a table with '{}'", step.name));
    const auto member = at->members.find(step.name);
    if (member == at->members.end()) return nullptr;
    at = &member->second;
    for (const std::size_t place : step.places) {
      if (at->kind != Kind::kArray) refuse(*at, key, "an array");
      if (place >= at->items.size()) return nullptr;
      at = &at->items[place];
    }
  }
  return at;
}

const Toml::Node& Toml::need(std::string_view key, std::string_view expected) {
  const Node* node = find(key);
  if (node == nullptr) {
    refuse_argument(str("{}: key '{}' is missing, expected {}", name_, key, expected));
  }
  return *node;
}

bool Toml::has(std::string_view key) {
  return find(key) != nullptr;
}

std::int64_t Toml::integer_of(const Node& node, std::string_view key, IntegerRange range) const {
  if (node.kind != Kind::kInteger) refuse(node, key, name_of(Kind::kInteger));
  if (node.integer < range.least || node.integer > range.most) {
    refuse(node, key, str("{} to {}", range.least, range.most));
  }
  return node.integer;
}

double Toml::number_of(const Node& node, std::string_view key, NumberRange range) const {
  if (node.kind != Kind::kInteger && node.kind != Kind::kNumber) {
    refuse(node, key, name_of(Kind::kNumber));
  }
  if (!(node.number >= range.least && node.number <= range.most)) {  // also for NaN
    refuse(node, key, str("{} to {}", range.least, range.most));
  }
  return node.number;
}

const std::string& Toml::text_of(const Node& node, std::string_view key) const {
  if (node.kind != Kind::kText) refuse(node, key, name_of(Kind::kText));
  return node.text;
}

std::int64_t Toml::integer(std::string_view key, IntegerRange range) {
  return integer_of(need(key, name_of(Kind::kInteger)), key, range);
}

std::int64_t Toml::integer_or(std::string_view key, std::int64_t fallback, IntegerRange range) {
  FRUGAL_CHECK(fallback >= range.least && fallback <= range.most);
  const Node* node = find(key);
  return node == nullptr ? fallback : integer_of(*node, key, range);
}

double Toml::number(std::string_view key, NumberRange range) {
  return number_of(need(key, name_of(Kind::kNumber)), key, range);
}

double Toml::number_or(std::string_view key, double fallback, NumberRange range) {
  FRUGAL_CHECK(fallback >= range.least && fallback <= range.most);
  const Node* node = find(key);
  return node == nullptr ? fallback : number_of(*node, key, range);
}

bool Toml::boolean(std::string_view key) {
  const Node& node = need(key, name_of(Kind::kBoolean));
  if (node.kind != Kind::kBoolean) refuse(node, key, name_of(Kind::kBoolean));
  return node.boolean;
}

bool Toml::boolean_or(std::string_view key, bool fallback) {
  return find(key) == nullptr ? fallback : boolean(key);
}

std::string Toml::text(std::string_view key) {
  return text_of(need(key, name_of(Kind::kText)), key);
}

std::string Toml::text_or(std::string_view key, std::string_view fallback) {
  const Node* node = find(key);
  return node == nullptr ? std::string(fallback) : text_of(*node, key);
}

std::string Toml::choice(std::string_view key, std::initializer_list<std::string_view> allowed) {
  const std::string expected = str("one of: {}", fmt::join(allowed, ", "));
  const Node& node = need(key, expected);
  const bool known = std::find(allowed.begin(), allowed.end(), text_of(node, key)) != allowed.end();
  if (!known) refuse(node, key, expected);
  return node.text;
}

std::string Toml::choice_or(std::string_view key, std::string_view fallback,
                            std::initializer_list<std::string_view> allowed) {
  return find(key) == nullptr ? std::string(fallback) : choice(key, allowed);
}

std::vector<const Toml::Node*> Toml::elements(std::string_view key) {
  std::vector<const Node*> out;
  const Node* node = find(key);
  if (node == nullptr) return out;
  if (node->kind != Kind::kArray) refuse(*node, key, name_of(Kind::kArray));
  for (const Node& item : node->items) out.push_back(&item);
  return out;
}

std::vector<std::int64_t> Toml::integers(std::string_view key, IntegerRange range) {
  std::vector<std::int64_t> out;
  for (const Node* item : elements(key)) out.push_back(integer_of(*item, key, range));
  return out;
}

std::vector<double> Toml::numbers(std::string_view key, NumberRange range) {
  std::vector<double> out;
  for (const Node* item : elements(key)) out.push_back(number_of(*item, key, range));
  return out;
}

std::vector<std::string> Toml::texts(std::string_view key) {
  std::vector<std::string> out;
  for (const Node* item : elements(key)) out.push_back(text_of(*item, key));
  return out;
}

std::size_t Toml::count(std::string_view key) {
  return elements(key).size();
}

std::vector<std::string> Toml::members(std::string_view key) {
  std::vector<std::string> out;
  const Node* node = find(key);
  if (node == nullptr) return out;
  if (node->kind != Kind::kTable) refuse(*node, key, name_of(Kind::kTable));
  for (const auto& [name, member] : node->members) out.push_back(name);
  return out;
}

// Asked for itself, or an empty table that something was asked of.
bool Toml::wanted(const std::string& path) const {
  if (asked_.contains(path)) return true;
  const auto next = asked_.lower_bound(path + '.');
  return next != asked_.end() && next->starts_with(path + '.');
}

std::string Toml::advice(const std::string& path) const {
  std::set<std::string_view> beside;
  std::set<std::string_view> first_names;
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(2, path.size() / 4) + 1;
  for (const std::string& known : asked_) {
    if (parent_of(known) == parent_of(path)) beside.insert(known);
    first_names.insert(std::string_view(known).substr(0, known.find_first_of(".[")));
    const std::size_t distance = edit_distance(path, known);
    if (distance >= least) continue;
    least = distance;
    nearest = known;
  }
  std::string out;
  if (beside.empty()) beside = first_names;
  if (!beside.empty()) out += str(", expected one of: {}", fmt::join(beside, ", "));
  if (!nearest.empty()) out += str("; did you mean '{}'?", nearest);
  return out;
}

void Toml::finish() const {
  std::vector<Leaf> found;
  Reader::leaves(*root_, "", found);
  std::erase_if(found, [&](const Leaf& leaf) { return wanted(leaf.path); });
  const auto first = std::min_element(found.begin(), found.end(), [](const Leaf& a, const Leaf& b) {
    return std::pair(a.node->line, a.node->column) < std::pair(b.node->line, b.node->column);
  });
  if (first == found.end()) return;
  refuse_argument(str("{}: unknown key '{}'{}", where(*first->node), printable(first->path),
                      advice(first->path)));
}

}  // namespace frugal
