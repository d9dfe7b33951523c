#include "frugal/cli/token_ids.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"

namespace frugal::cli {
namespace {

TEST(TokenIds, AnySeparatorWillDo) {
  const std::vector<text::TokenId> want = {1, 403, 407};
  EXPECT_EQ(parse_token_ids("1 403 407\n", "here"), want);
  EXPECT_EQ(parse_token_ids("[1, 403,407]", "here"), want);
  EXPECT_EQ(parse_token_ids("\t1\r\n403,,407,", "here"), want);
  EXPECT_TRUE(parse_token_ids(" \n", "here").empty());
  EXPECT_TRUE(parse_token_ids("", "here").empty());
}

TEST(TokenIds, NamesTheWordThatIsNone) {
  for (const char* bad : {"1 x", "-1", "1.5", "99999999999", "0x10", "{1}"}) {
    try {
      (void)parse_token_ids(bad, "ids.txt");
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      EXPECT_EQ(std::string(error.what()).rfind("ids.txt: '", 0), 0U) << error.what();
    }
  }
}

TEST(TokenIds, ReachFromZeroToTheLargestThatFits) {
  EXPECT_EQ(parse_token_ids("0 2147483647", "here"),
            (std::vector<text::TokenId>{0, std::numeric_limits<text::TokenId>::max()}));
  EXPECT_THROW((void)parse_token_ids("2147483648", "here"), Error);
}

TEST(TokenIds, AWordWithControlCharactersIsShownPrintably) {
  try {
    (void)parse_token_ids("7 \x1b[2J", "here");
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace frugal::cli
