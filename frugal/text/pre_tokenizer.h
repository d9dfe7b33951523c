#pragma once

/// How BPE finds the words of a text, by the name in `tokenizer.ggml.pre`.

#include <string_view>
#include <vector>

#include "frugal/text/expression.h"

namespace frugal::text {

/// What a name stands for.
struct PreRule {
  std::string_view name = {};
  /// Each cuts what the one before it left.
  std::vector<std::string_view> expressions = {};
  bool ignore_merges = false;  ///< a word that is a token stays whole
  bool adds_bos = false;       ///< begin-of-text is added where the file does not say
  bool characters = false;     ///< symbols are characters and "▁", not the bytes' stand-ins
};

/// All rules, one for each name; several names may stand for the same expressions.
[[nodiscard]] const std::vector<PreRule>& pre_rules();

/// The rule of a name; "" is "default".
/// Errors: kUnsupported, listing what is known.
[[nodiscard]] const PreRule& find_pre_rule(std::string_view name);

/// Cuts texts into words; no merge goes beyond one.
///
/// Errors:  the constructor as find_pre_rule; words() throws nothing.
/// Threads: const after construction; safe from all.
/// Source:  the tokenizer.json of the models, and llama.cpp `llm_tokenizer_bpe`, whose adaptations
///          are followed where the two differ; Unicode 14 as in PCRE2 10.42.
class PreTokenizer {
 public:
  explicit PreTokenizer(std::string_view name);

  /// The words in order; together they are `text`.  A run of bytes that are not UTF-8 is a word.
  [[nodiscard]] std::vector<std::string_view> words(std::string_view text) const;
  [[nodiscard]] const PreRule& rule() const { return rule_; }

 private:
  const PreRule& rule_;
  std::vector<Expression> expressions_;
};

}  // namespace frugal::text
