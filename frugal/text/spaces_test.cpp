#include "frugal/text/spaces.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"

namespace frugal::text {
namespace {

TEST(Spaces, AreWrittenAsU2581AndBack) {
  EXPECT_EQ(escape_spaces(" a b", false), "▁a▁b");
  EXPECT_EQ(escape_spaces("a", true), "▁a");
  EXPECT_EQ(unescape_spaces("▁a▁▁b▁"), " a  b ");
  EXPECT_EQ(unescape_spaces(""), "");
}

TEST(CheckTextLength, RefusesWhatIsTooLong) {
  EXPECT_NO_THROW(check_text_length("abc", 3));
  EXPECT_THROW(check_text_length("abcd", 3), Error);
}

}  // namespace
}  // namespace frugal::text
