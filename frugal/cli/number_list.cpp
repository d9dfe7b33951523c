#include "frugal/cli/number_list.h"

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::cli {

std::vector<std::size_t> parse_numbers(std::string_view option, std::string_view text,
                                       std::size_t max) {
  std::vector<std::size_t> numbers;
  for (const std::string_view part : split(text, ',')) {
    const auto number = parse_int(trim(part));
    if (!number || *number < 1 || static_cast<std::size_t>(*number) > max) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{} '{}': expected numbers from 1 to {} such as 1,2,4", option,
                      printable(text), max));
    }
    numbers.push_back(static_cast<std::size_t>(*number));
  }
  return numbers;
}

}  // namespace frugal::cli
