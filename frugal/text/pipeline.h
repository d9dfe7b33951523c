#pragma once

/// The steps of a tokenizer.json around its model, and which of our rules they are.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/text/json_node.h"

namespace frugal::text {

/// A chain of steps with its nested sequences laid flat: a normalizer, a pre-tokenizer or a
/// post-processor, each with its "type".
///
/// Errors:  kCorrupt where a step is no object or has no type.
/// Threads: const; safe from all.  Views into the document.
class Pipeline {
 public:
  /// Nothing gives no steps.
  explicit Pipeline(const std::optional<JsonNode>& root);

  [[nodiscard]] const std::vector<JsonNode>& steps() const { return steps_; }
  [[nodiscard]] std::optional<JsonNode> find(std::string_view type) const;
  [[nodiscard]] bool has(std::string_view type) const { return find(type).has_value(); }
  /// Errors: kUnsupported for a step of a type that is not among `types`.
  void allow_only(const std::vector<std::string_view>& types) const;

 private:
  void append(const JsonNode& node);
  std::vector<JsonNode> steps_;
};

[[nodiscard]] std::string type_of(const JsonNode& step);

/// The name in `pre` of a byte-level pre-tokenizer.
/// Errors: kUnsupported for expressions that none of the names stands for.
[[nodiscard]] std::string recognise_pre_tokenizer(const Pipeline& pre_tokenizer,
                                                  bool ignore_merges);

/// The pattern of a Split or Replace step, whether it is an expression or a plain text.
[[nodiscard]] std::string pattern_of(const JsonNode& step);

}  // namespace frugal::text
