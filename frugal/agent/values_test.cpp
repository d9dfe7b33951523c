#include "frugal/agent/values.h"

#include <gtest/gtest.h>

#include <set>

#include "frugal/base/str.h"

namespace frugal::agent {
namespace {

TEST(Values, EachBelongsToTheSplitAskedFor) {
  for (const Split split : kAllSplits) {
    Values values(split, Random(1));
    for (int i = 0; i < 20; ++i) {
      const std::string person = values.person();
      EXPECT_EQ(split_of(person.substr(person.find(' ') + 1)), split) << person;
      const std::string address = values.address();
      const auto parts = frugal::split(address, ' ');
      ASSERT_EQ(parts.size(), 3U);
      EXPECT_EQ(split_of(parts[1]), split) << address;
      EXPECT_EQ(split_of(values.item()), split);
      EXPECT_EQ(split_of(values.topic()), split);
      EXPECT_EQ(split_of(values.town()), split);
      EXPECT_EQ(split_of(values.id('W', 5)), split);
      EXPECT_EQ(split_of(str("{}", values.whole(100, 9999))), split);
      EXPECT_EQ(split_of(str("{}", values.price(5, 900))), split);
    }
  }
}

TEST(Values, NoneComesTwice) {
  Values values(Split::kTest, Random(2));
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(seen.insert(values.town()).second);
}

TEST(Values, ThereAreThousandsOfNames) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const std::string person = Values(Split::kTrain, Random(seed)).person();
    seen.insert(person.substr(person.find(' ') + 1));
  }
  EXPECT_GT(seen.size(), 3000U);
}

TEST(Values, KeepTheirForm) {
  Values values(Split::kTrain, Random(3));
  for (int i = 0; i < 50; ++i) {
    const std::string id = values.id('A', 5);
    EXPECT_EQ(id.size(), 6U);
    EXPECT_EQ(id[0], 'A');
    EXPECT_NE(id[1], '0');
    const double price = values.price(5, 900);
    EXPECT_GE(price, 5.0);
    EXPECT_LT(price, 900.0);
    const std::string text = str("{}", price);
    EXPECT_EQ(text.size() - text.find('.'), 3U) << text;
    const std::int64_t whole = values.whole(20, 990);
    EXPECT_GE(whole, 20);
    EXPECT_LE(whole, 990);
  }
}

TEST(Values, TheSameSeedGivesTheSameValues) {
  Values a(Split::kTrain, Random(4));
  Values b(Split::kTrain, Random(4));
  EXPECT_EQ(a.person() + a.item() + a.firm(), b.person() + b.item() + b.firm());
}

}  // namespace
}  // namespace frugal::agent
