#include "frugal/text/spaces.h"

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::text {

std::string escape_spaces(std::string_view text, bool space_first) {
  std::string out;
  out.reserve(text.size() + (text.size() / 2) + kSpaceMark.size());
  if (space_first) out += kSpaceMark;
  for (const char c : text) {
    if (c == ' ') {
      out += kSpaceMark;
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescape_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t start = 0;
  while (true) {
    const std::size_t mark = text.find(kSpaceMark, start);
    out += text.substr(start, mark - start);
    if (mark == std::string_view::npos) return out;
    out += ' ';
    start = mark + kSpaceMark.size();
  }
}

void check_text_length(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return;
  throw Error(ErrorKind::kInvalidArgument, str("encode: a text of {}, expected at most {}",
                                               human_bytes(text.size()), human_bytes(max_bytes)));
}

}  // namespace frugal::text
