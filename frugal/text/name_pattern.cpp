#define PCRE2_CODE_UNIT_WIDTH 8

#include "frugal/text/name_pattern.h"

#include <pcre2.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {

namespace {

// Far more than a sensible expression needs on a name, and over in a moment.
constexpr std::uint32_t kMostSteps = 100000;
constexpr std::uint32_t kMostKilobytes = 1024;
constexpr std::size_t kLongestPattern = 1000;

struct FreeMatch {
  void operator()(pcre2_match_data_8* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context_8* context) const { pcre2_match_context_free(context); }
};

std::string message_of(int code) {
  PCRE2_UCHAR text[128] = {};
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

}  // namespace

NamePattern::NamePattern(std::string pattern) : pattern_(std::move(pattern)) {
  if (pattern_.size() > kLongestPattern) {
    throw Error(ErrorKind::kInvalidArgument,
                str("'{}': {} bytes, expected an expression of up to {}", printable(pattern_),
                    pattern_.size(), kLongestPattern));
  }
  int fault = 0;
  PCRE2_SIZE place = 0;
  code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern_.data()), pattern_.size(),
                            PCRE2_NEVER_BACKSLASH_C, &fault, &place, nullptr),
              [](pcre2_code* code) { pcre2_code_free(code); });
  if (code_ != nullptr) return;
  throw Error(ErrorKind::kInvalidArgument, str("'{}': at byte {} {}, expected a regular expression",
                                               printable(pattern_), place, message_of(fault)));
}

bool NamePattern::found_in(std::string_view name) const {
  const std::unique_ptr<pcre2_match_data_8, FreeMatch> data(
      pcre2_match_data_create_from_pattern(code_.get(), nullptr));
  const std::unique_ptr<pcre2_match_context_8, FreeMatch> limits(
      pcre2_match_context_create(nullptr));
  FRUGAL_CHECK(data != nullptr && limits != nullptr);
  pcre2_set_match_limit(limits.get(), kMostSteps);
  pcre2_set_heap_limit(limits.get(), kMostKilobytes);
  const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(),
                                0, 0, data.get(), limits.get());
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  throw Error(ErrorKind::kInvalidArgument,
              str("'{}' on '{}': {}, expected a simpler expression", printable(pattern_),
                  printable(name), message_of(found)));
}

}  // namespace frugal::text
