#pragma once

/// A value in an untrusted JSON document that knows where it stands.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frugal/base/json.h"

namespace frugal::text {

/// Every access checks the type and names the place in its error: "tokenizer.json: model.vocab".
///
/// Errors:  kCorrupt for a value of another type or a member that is missing.
/// Threads: const; safe from all.  Views into the document, which must outlive this.
class JsonNode {
 public:
  JsonNode(const SortedJson& value, std::string place) : value_(&value), place_(std::move(place)) {}

  /// Nothing for a member that is absent or null.
  [[nodiscard]] std::optional<JsonNode> find(std::string_view key) const;
  [[nodiscard]] JsonNode at(std::string_view key) const;
  [[nodiscard]] std::vector<JsonNode> items() const;
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] double number() const;
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] bool flag() const;
  /// The member where it is there, else `other`.
  [[nodiscard]] bool flag_or(std::string_view key, bool other) const;
  /// The member where it is there, else "".
  [[nodiscard]] std::string text_or_empty(std::string_view key) const;

  [[nodiscard]] bool is_text() const { return value_->is_string(); }
  [[nodiscard]] bool is_array() const { return value_->is_array(); }
  [[nodiscard]] bool is_object() const { return value_->is_object(); }
  /// An object's members; an error where it is none.
  [[nodiscard]] const SortedJson& members() const;
  [[nodiscard]] const std::string& place() const { return place_; }

  /// Throws kCorrupt: "<place>: is a <type>, expected <expected>".
  [[noreturn]] void refuse(std::string_view expected) const;

 private:
  const SortedJson* value_;
  std::string place_;
};

}  // namespace frugal::text
