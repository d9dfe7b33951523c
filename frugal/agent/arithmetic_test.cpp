#include "frugal/agent/arithmetic.h"

#include <gtest/gtest.h>

#include <string>

#include "frugal/base/error.h"

namespace frugal::agent {
namespace {

TEST(Evaluate, KeepsTheOrderOfOperations) {
  EXPECT_EQ(evaluate("12 * 37"), 444.0);
  EXPECT_EQ(evaluate("2+3*4"), 14.0);
  EXPECT_EQ(evaluate("(2 + 3) * -4"), -20.0);
  EXPECT_EQ(evaluate("100 / 8 / 2"), 6.25);
  EXPECT_EQ(evaluate("10 - 4 - 3"), 3.0);
  EXPECT_EQ(evaluate(" 1.5*2 "), 3.0);
}

TEST(Evaluate, RefusesWhatIsNoArithmetic) {
  for (const char* text : {"", "2 +", "2 ** 3", "abs(3)", "1.2.3", "(1", "1)", "1 2", "4 / 0",
                           "4 / (2 - 2)", "-", "1e5", "."}) {
    EXPECT_THROW((void)evaluate(text), Error) << text;
  }
  EXPECT_THROW((void)evaluate(std::string(201, '1')), Error);
  EXPECT_THROW((void)evaluate(std::string(200, '(')), Error);
  EXPECT_THROW((void)evaluate(std::string(200, '-')), Error);
}

TEST(Tidy, WritesWholeNumbersWithoutAFraction) {
  EXPECT_EQ(to_line(tidy(444.0)), "444");
  EXPECT_EQ(to_line(tidy(271.299999999)), "271.3");
  EXPECT_EQ(to_line(tidy(0.005)), "0.01");
  EXPECT_EQ(to_line(tidy(-2.0)), "-2");
  EXPECT_EQ(to_line(tidy(1e300)), "1e+300");
}

}  // namespace
}  // namespace frugal::agent
