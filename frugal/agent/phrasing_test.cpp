#include "frugal/agent/phrasing.h"

#include <gtest/gtest.h>

#include <set>

namespace frugal::agent {
namespace {

std::set<std::string> all_of(std::string_view pattern) {
  Random random(1);
  std::set<std::string> said;
  for (int i = 0; i < 500; ++i) said.insert(say(pattern, random));
  return said;
}

TEST(Say, APlainPhraseIsItselfAndDrawsNothing) {
  Random random(7);
  Random untouched(7);
  EXPECT_EQ(say("Where is {order}?", random), "Where is {order}?");
  EXPECT_EQ(random.below(1000000), untouched.below(1000000));
}

TEST(Say, GroupsGiveEachOfTheirAlternatives) {
  EXPECT_EQ(all_of("(my |)order (is|was) here"),
            (std::set<std::string>{"my order is here", "my order was here", "order is here",
                                   "order was here"}));
}

TEST(Say, GroupsMayHoldGroups) {
  EXPECT_EQ(all_of("a(b(c|d)|e)f"), (std::set<std::string>{"abcf", "abdf", "aef"}));
}

TEST(Say, QuestionsAndRequestsStandInFrames) {
  const auto questions = all_of("@ where it is");
  EXPECT_TRUE(questions.contains("Can you tell me where it is?"));
  EXPECT_TRUE(questions.contains("I want to know where it is."));
  EXPECT_GT(questions.size(), 15U);
  const auto requests = all_of("! cancel it");
  EXPECT_TRUE(requests.contains("Please cancel it."));
  EXPECT_TRUE(requests.contains("Cancel it please."));
  EXPECT_GT(requests.size(), 12U);
}

TEST(BareWords, LeaveSignsAndCasesOut) {
  EXPECT_EQ(bare_words("Where is my order {order}, please?"), "where is my order {order} please");
  EXPECT_EQ(bare_words("  A.b  "), "a b");
}

}  // namespace
}  // namespace frugal::agent
