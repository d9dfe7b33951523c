#pragma once

/// Regular expressions of the house over UTF-8; with name_pattern.h the only place that knows
/// PCRE2.

#include <memory>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;

namespace frugal::text {

/// A compiled expression that cuts texts.
///
/// In the pattern `\s` is Unicode's White_Space, as in the expressions of the vocabularies, and not
/// what PCRE2 takes for it; `$` is the very end.
///
/// Numbers: for the house's own expressions the time is linear in the text, whatever it holds.
/// Errors:  a malformed pattern is a bug: patterns are the house's own and never come from a file.
/// Threads: const after construction; safe from all.
class Expression {
 public:
  explicit Expression(std::string_view pattern);

  /// Every match and every stretch between two matches, in order; never an empty one.  Each piece
  /// is a text of its own: what looks ahead sees its end.
  ///
  /// The pieces are well-formed UTF-8 (see first_utf8_unit); the result views into them.
  [[nodiscard]] std::vector<std::string_view> split(
      const std::vector<std::string_view>& pieces) const;

 private:
  struct FreeCode {
    void operator()(pcre2_real_code_8* code) const;
  };
  std::unique_ptr<pcre2_real_code_8, FreeCode> code_;
};

}  // namespace frugal::text
