#include "frugal/text/base64.h"

#include <gtest/gtest.h>

namespace frugal::text {
namespace {

TEST(Base64, ReadsTheVectorsOfTheStandard) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decode_base64("/+8"), "\xFF\xEF");
}

TEST(Base64, RefusesOtherCharactersAndLengths) {
  for (const char* text : {"Z", "Zm9vY", "Zm9v!", "Zm 9v", "Z===", "====", "Zg==Zg==", "Zm-_"}) {
    EXPECT_FALSE(decode_base64(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace frugal::text
