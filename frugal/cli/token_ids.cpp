#include "frugal/cli/token_ids.h"

#include <limits>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::cli {

std::vector<text::TokenId> parse_token_ids(std::string_view text, std::string_view where) {
  constexpr std::string_view kSeparators = " \t\r\n,[]";
  std::vector<text::TokenId> ids;
  while (true) {
    const std::size_t begin = text.find_first_not_of(kSeparators);
    if (begin == std::string_view::npos) return ids;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(kSeparators));
    const auto id = parse_int(word);
    if (!id || *id < 0 || *id > std::numeric_limits<text::TokenId>::max()) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: '{}': expected a token id", where, printable(word)));
    }
    ids.push_back(static_cast<text::TokenId>(*id));
    text.remove_prefix(word.size());
  }
}

}  // namespace frugal::cli
