/// The idea.
///
/// PCRE2 guards itself against patterns that backtrack for ever by counting steps.  Our patterns do
/// not, so the count is lifted, and a text of a million spaces is one match like any other.  A
/// pattern that needs more stack than the machine code has is run again by PCRE2's interpreter,
/// which keeps its state on the heap.
///
/// PCRE2 would check the whole text for being UTF-8 at every match, which makes a text of n words
/// cost n squared; the caller has looked already.

#define PCRE2_CODE_UNIT_WIDTH 8

#include "frugal/text/expression.h"

#include <pcre2.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {
namespace {

// White_Space of Unicode 15.  PCRE2's own \s takes U+180E as well.
constexpr std::string_view kSpaces =
    R"(\x09-\x0D\x20\x85\xA0\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";

// The pattern with \s and \S written out.
std::string spell_out_spaces(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c != '\\' || i + 1 == pattern.size()) {
      if (c == '[') in_class = true;
      if (c == ']') in_class = false;
      out += c;
      continue;
    }
    const char escaped = pattern[++i];
    FRUGAL_CHECK(!(in_class && escaped == 'S'));
    if (escaped == 's') {
      out += in_class ? std::string(kSpaces) : str("[{}]", kSpaces);
    } else if (escaped == 'S') {
      out += str("[^{}]", kSpaces);
    } else {
      out += c;
      out += escaped;
    }
  }
  return out;
}

// What one run of PCRE2 needs.
class Matcher {
 public:
  explicit Matcher(const pcre2_code* code)
      : code_(code),
        data_(pcre2_match_data_create_from_pattern(code, nullptr)),
        context_(pcre2_match_context_create(nullptr)) {
    FRUGAL_CHECK(data_ != nullptr && context_ != nullptr);
    pcre2_set_match_limit(context_.get(), std::numeric_limits<std::uint32_t>::max());
    pcre2_set_depth_limit(context_.get(), std::numeric_limits<std::uint32_t>::max());
    pcre2_set_heap_limit(context_.get(), std::numeric_limits<std::uint32_t>::max());
  }

  // Finds the first match at or after `start`; it is then from begin() to end().
  bool find(std::string_view text, std::size_t start) {
    int found = match(text, start, PCRE2_NO_UTF_CHECK);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
      found = match(text, start, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT);
    }
    if (found == PCRE2_ERROR_NOMATCH) return false;
    if (found < 0) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("encode: PCRE2 gives up on a text of {} (code {}), expected a shorter one",
                      human_bytes(text.size()), found));
    }
    FRUGAL_CHECK(end() > begin());
    return true;
  }

  [[nodiscard]] std::size_t begin() const { return pcre2_get_ovector_pointer(data_.get())[0]; }
  [[nodiscard]] std::size_t end() const { return pcre2_get_ovector_pointer(data_.get())[1]; }

 private:
  int match(std::string_view text, std::size_t start, std::uint32_t options) {
    return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start,
                       options, data_.get(), context_.get());
  }

  struct FreeData {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  struct FreeContext {
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  };
  const pcre2_code* code_;
  std::unique_ptr<pcre2_match_data, FreeData> data_;
  std::unique_ptr<pcre2_match_context, FreeContext> context_;
};

}  // namespace

void Expression::FreeCode::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

Expression::Expression(std::string_view pattern) {
  const std::string spelled = spell_out_spaces(pattern);
  int fault = 0;
  PCRE2_SIZE where = 0;
  code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(spelled.data()), spelled.size(),
                            PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C,
                            &fault, &where, nullptr));
  FRUGAL_CHECK(code_ != nullptr);
  // Refused where memory may not be both written and run; the interpreter then does it, slower.
  pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
}

std::vector<std::string_view> Expression::split(const std::vector<std::string_view>& pieces) const {
  std::vector<std::string_view> out;
  out.reserve(pieces.size());
  Matcher matcher(code_.get());
  for (const std::string_view piece : pieces) {
    std::size_t at = 0;
    while (at < piece.size() && matcher.find(piece, at)) {
      if (matcher.begin() > at) out.push_back(piece.substr(at, matcher.begin() - at));
      out.push_back(piece.substr(matcher.begin(), matcher.end() - matcher.begin()));
      at = matcher.end();
    }
    if (at < piece.size()) out.push_back(piece.substr(at));
  }
  return out;
}

}  // namespace frugal::text
