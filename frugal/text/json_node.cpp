#include "frugal/text/json_node.h"

#include <cstddef>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {

void JsonNode::refuse(std::string_view expected) const {
  throw Error(ErrorKind::kCorrupt,
              str("{}: is of type {}, expected {}", place_, value_->type_name(), expected));
}

const SortedJson& JsonNode::members() const {
  if (!value_->is_object()) refuse("an object");
  return *value_;
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  const auto found = members().find(std::string(key));
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonNode(*found, str("{}.{}", place_, key));
}

JsonNode JsonNode::at(std::string_view key) const {
  if (std::optional<JsonNode> found = find(key)) return *std::move(found);
  throw Error(ErrorKind::kCorrupt, str("{}: has no '{}', expected one", place_, key));
}

std::vector<JsonNode> JsonNode::items() const {
  if (!value_->is_array()) refuse("an array");
  std::vector<JsonNode> out;
  out.reserve(value_->size());
  std::size_t number = 0;
  for (const SortedJson& item : *value_) out.emplace_back(item, str("{}[{}]", place_, number++));
  return out;
}

const std::string& JsonNode::text() const {
  if (!value_->is_string()) refuse("a string");
  return value_->get_ref<const std::string&>();
}

double JsonNode::number() const {
  if (!value_->is_number()) refuse("a number");
  return value_->get<double>();
}

std::int64_t JsonNode::integer() const {
  if (!value_->is_number_integer()) refuse("an integer");
  return value_->get<std::int64_t>();
}

bool JsonNode::flag() const {
  if (!value_->is_boolean()) refuse("true or false");
  return value_->get<bool>();
}

bool JsonNode::flag_or(std::string_view key, bool other) const {
  const std::optional<JsonNode> found = find(key);
  return found ? found->flag() : other;
}

std::string JsonNode::text_or_empty(std::string_view key) const {
  const std::optional<JsonNode> found = find(key);
  return found ? found->text() : std::string();
}

}  // namespace frugal::text
