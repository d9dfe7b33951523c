#include "frugal/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace frugal::text {
namespace {

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

template <std::size_t n>
bool holds(const std::array<Range, n>& ranges, std::uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return code >= range.first && code <= range.last; });
}

constexpr std::array<Range, 10> kWhiteSpace = {{{0x09, 0x0D},
                                                {0x20, 0x20},
                                                {0x85, 0x85},
                                                {0xA0, 0xA0},
                                                {0x1680, 0x1680},
                                                {0x2000, 0x200A},
                                                {0x2028, 0x2029},
                                                {0x202F, 0x202F},
                                                {0x205F, 0x205F},
                                                {0x3000, 0x3000}}};

// U+2B820 to U+2B91F are missing in BERT's own list, and so they are here.
constexpr std::array<Range, 8> kHan = {{{0x4E00, 0x9FFF},
                                        {0x3400, 0x4DBF},
                                        {0x20000, 0x2A6DF},
                                        {0x2A700, 0x2B73F},
                                        {0x2B740, 0x2B81F},
                                        {0x2B920, 0x2CEAF},
                                        {0xF900, 0xFAFF},
                                        {0x2F800, 0x2FA1F}}};

bool category_is_between(std::uint32_t code, utf8proc_category_t first, utf8proc_category_t last) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return category >= first && category <= last;
}

}  // namespace

bool is_white_space(std::uint32_t code) {
  return holds(kWhiteSpace, code);
}

bool is_control(std::uint32_t code) {
  return category_is_between(code, UTF8PROC_CATEGORY_CC, UTF8PROC_CATEGORY_CO);
}

bool is_mark(std::uint32_t code) {
  return category_is_between(code, UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_ME);
}

bool is_punctuation(std::uint32_t code) {
  return category_is_between(code, UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO);
}

bool is_symbol(std::uint32_t code) {
  return category_is_between(code, UTF8PROC_CATEGORY_SM, UTF8PROC_CATEGORY_SO);
}

bool is_han(std::uint32_t code) {
  return holds(kHan, code);
}

std::uint32_t lowercase(std::uint32_t code) {
  return static_cast<std::uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code)));
}

std::uint32_t base_character(std::uint32_t code) {
  std::array<utf8proc_int32_t, 32> parts{};
  int boundary = 0;
  const utf8proc_ssize_t count =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), parts.data(), parts.size(),
                              UTF8PROC_DECOMPOSE, &boundary);
  return count < 1 ? code : static_cast<std::uint32_t>(parts[0]);
}

}  // namespace frugal::text
