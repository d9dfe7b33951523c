#include "frugal/cli/number_list.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"

namespace frugal::cli {
namespace {

TEST(NumberList, ReadsNumbersInTheOrderGiven) {
  EXPECT_EQ(parse_numbers("--threads", "1,2, 4", 8), (std::vector<std::size_t>{1, 2, 4}));
  EXPECT_EQ(parse_numbers("--threads", "8,1,8", 8), (std::vector<std::size_t>{8, 1, 8}));
  EXPECT_TRUE(parse_numbers("--threads", "", 8).empty());
}

TEST(NumberList, RefusesWhatIsNoNumberOrOutOfRange) {
  for (const char* bad : {"0", "9", "1,,2", "a", "-1", "1;2", "1.5", ",", "99999999999999999999"}) {
    EXPECT_THROW((void)parse_numbers("--threads", bad, 8), Error) << bad;
  }
}

TEST(NumberList, TheMessageHasTheOptionWhatWasGivenAndAnExample) {
  try {
    (void)parse_numbers("--batch", "4,many", 512);
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_STREQ(error.what(), "--batch '4,many': expected numbers from 1 to 512 such as 1,2,4");
  }
}

}  // namespace
}  // namespace frugal::cli
