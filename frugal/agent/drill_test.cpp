#include "frugal/agent/drill.h"

#include <gtest/gtest.h>

#include <set>

#include "frugal/agent/split.h"
#include "frugal/base/json.h"

namespace frugal::agent {
namespace {

TEST(DrillTest, TheAnswerHoldsNothingThatWasNotSaid) {
  std::set<std::string> lines;
  int objects = 0;
  for (std::uint64_t number = 0; number < 500; ++number) {
    const std::string line = drill_line(1, number);
    lines.insert(line);
    const Json json = parse_json(line, "drill");
    const std::string question = json["messages"][0]["content"];
    const std::string answer = json["messages"][1]["content"];
    if (!answer.starts_with('{')) continue;
    ++objects;
    const Json values = parse_json(answer, "answer");
    EXPECT_GE(values.size(), 2U);
    for (const auto& [key, value] : values.items()) {
      EXPECT_NE(question.find(key), std::string::npos) << line;
      EXPECT_NE(question.find(value.get<std::string>()), std::string::npos) << line;
    }
  }
  EXPECT_GT(lines.size(), 495U);
  EXPECT_GT(objects, 250);
}

TEST(DrillTest, TheSeedMakesTheExercise) {
  EXPECT_EQ(drill_line(3, 7), drill_line(3, 7));
  EXPECT_NE(drill_line(3, 7), drill_line(4, 7));
  EXPECT_NE(drill_line(3, 7), drill_line(3, 8));
}

// Ids and numbers are split as a whole.
TEST(DrillTest, ValuesAreThoseOfTheTrainingSplit) {
  for (std::uint64_t number = 0; number < 300; ++number) {
    const Json json = parse_json(drill_line(5, number), "drill");
    const std::string answer = json["messages"][1]["content"];
    if (!answer.starts_with('{')) continue;
    const Json values = parse_json(answer, "answer");
    for (const auto& [key, value] : values.items()) {
      const auto text = value.get<std::string>();
      if (text.find(' ') != std::string::npos) continue;
      EXPECT_EQ(split_of(text), Split::kTrain) << text;
    }
  }
}

}  // namespace
}  // namespace frugal::agent
