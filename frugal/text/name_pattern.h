#pragma once

/// Regular expressions that a user writes to pick names.

#include <memory>
#include <string>
#include <string_view>

struct pcre2_real_code_8;

namespace frugal::text {

/// An expression of PCRE2 (Perl's syntax) over bytes, found anywhere in a name unless it is
/// anchored.
///
/// Errors:  kInvalidArgument for a malformed pattern (with the place in it), and from `found_in`
/// for
///          one that needs too many steps on a name: time and memory are bounded whatever both
///          hold.
/// Threads: const after construction; safe from all.
class NamePattern {
 public:
  explicit NamePattern(std::string pattern);

  [[nodiscard]] bool found_in(std::string_view name) const;
  [[nodiscard]] const std::string& pattern() const { return pattern_; }

 private:
  std::string pattern_;
  std::shared_ptr<const pcre2_real_code_8> code_;  ///< copies share it
};

}  // namespace frugal::text
