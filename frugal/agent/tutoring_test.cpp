#include <gtest/gtest.h>

#include "frugal/agent/task_for_test.h"

namespace frugal::agent {
namespace {

constexpr std::string_view kSchool = "tutoring";

class School : public testing::Test {
 protected:
  [[nodiscard]] const Json& students() const { return world_.database().at("students"); }
  [[nodiscard]] std::string student() const { return students().begin().key(); }
  [[nodiscard]] Json lesson() const { return students().begin()->at("lesson"); }

  World world_{tutoring(), Split::kTest, 7};
};

const Json& student_of(const Environment& world, const Task& task) {
  const auto name = task.actions.front().arguments.at("student").get<std::string>();
  return world.database().at("students").at(name);
}

TEST_F(School, WorksOutExpressionsOrSaysWhatIsWrongWithThem) {
  const auto result = [&](const char* expression) {
    return world_.call({"calculate", {{"expression", expression}}});
  };
  EXPECT_EQ(result("12 * (3 + 4) - 1"), (Json{{"result", 83}}));
  EXPECT_EQ(result("10 / 4"), (Json{{"result", 2.5}}));
  EXPECT_NE(error_of(result("1 / 0")).find("division by zero"), std::string::npos);
  EXPECT_NE(error_of(result("2 +")).find("expected a number"), std::string::npos);
  EXPECT_EQ(error_of(world_.call({"calculate", {{"expression", 5}}})),
            "calculate: expression is 5, expected type string");
}

TEST_F(School, ShowsLessonsAndProgress) {
  for (const auto& [id, record] : world_.database().at("lessons").items()) {
    Json expected = {{"lesson", id}};
    expected.update(record);
    EXPECT_EQ(world_.call({"get_lesson", {{"lesson", id}}}), expected);
  }
  for (const auto& [name, record] : students().items()) {
    Json expected = {{"student", name}};
    expected.update(record);
    EXPECT_EQ(world_.call({"get_progress", {{"student", name}}}), expected);
  }
  EXPECT_EQ(error_of(world_.call({"get_lesson", {{"lesson", "L0"}}})), "no lesson L0");
  EXPECT_EQ(error_of(world_.call({"get_progress", {{"student", "Nobody"}}})), "no student Nobody");
}

TEST_F(School, AScoreChangesItsStudentOnly) {
  Json expected = world_.database();
  expected["students"][student()]["score"] = 33;
  (void)world_.call(
      {"record_score", {{"student", student()}, {"lesson", lesson()}, {"score", 33}}});
  EXPECT_EQ(world_.database(), expected);
}

TEST_F(School, AnAssignedLessonBeginsWithoutScoreAndWithoutANext) {
  Json expected = world_.database();
  const std::string name = student();
  const Json next = students().begin()->at("next_lesson");
  expected["students"][name] = {{"lesson", next}, {"score", 0}};
  const Json call = {{"student", name}, {"lesson", next}};
  EXPECT_EQ(world_.call({"assign_lesson", call}), call);
  EXPECT_EQ(world_.database(), expected);
}

TEST_F(School, ARequestThatCannotBeServedSaysWhyAndChangesNothing) {
  const std::string before = world_.hash();
  const auto recorded = [&](const Json& who, const Json& where, const Json& score) {
    return error_of(
        world_.call({"record_score", {{"student", who}, {"lesson", where}, {"score", score}}}));
  };
  EXPECT_EQ(recorded("Nobody", lesson(), 50), "no student Nobody");
  EXPECT_EQ(recorded(student(), "L0", 50), "the student is not in that lesson");
  EXPECT_EQ(recorded(student(), lesson(), 50.5),
            "record_score: score is 50.5, expected type integer");
  EXPECT_EQ(recorded(student(), lesson(), "50"),
            "record_score: score is \"50\", expected type integer");
  const auto assigned = [&](const Json& who, const Json& what) {
    return error_of(world_.call({"assign_lesson", {{"student", who}, {"lesson", what}}}));
  };
  EXPECT_EQ(assigned(student(), "L0"), "no lesson L0");
  EXPECT_EQ(assigned("Nobody", lesson()), "no student Nobody");
  EXPECT_EQ(world_.hash(), before);
}

TEST(SchoolWorld, HasSomebodyWhoPassesAndSomebodyWhoDoesNot) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const World world(tutoring(), Split::kTrain, seed);
    std::size_t passing = 0;
    for (const Json& student : world.database().at("students")) {
      passing += student.at("score") >= 70 ? 1 : 0;
      EXPECT_NE(student.at("lesson"), student.at("next_lesson"));
      const auto next = student.at("next_lesson").get<std::string>();
      EXPECT_TRUE(world.database().at("lessons").contains(next));
    }
    EXPECT_GE(passing, 1U) << seed;
    EXPECT_LT(passing, world.database().at("students").size()) << seed;
  }
}

TEST(SchoolIntents, CallTheirToolsAndAnswerWithTheirFacts) {
  const std::string assign = "assign_lesson";
  expect_plans(kSchool, {{"multiply", {"calculate"}},
                         {"add", {"calculate"}},
                         {"subtract", {"calculate"}},
                         {"divide", {"calculate"}},
                         {"multiply_and_add", {"calculate"}},
                         {"lesson_title", {"get_lesson"}},
                         {"lesson_page", {"get_lesson"}},
                         {"lesson_time", {"get_lesson"}},
                         {"progress", {"get_progress"}},
                         {"record_score", {"record_score"}},
                         {"assign", {"get_progress", assign}},
                         {"assign_too_low", {"get_progress"}},
                         {"quiz_answers", {}},
                         {"progress_and_assign", {"get_progress", assign}},
                         {"record_and_assign", {"record_score", "get_progress", assign}},
                         {"record_and_assign_too_low", {"record_score", "get_progress"}}});
}

TEST(SchoolIntents, TheResultOfASumIsItsFact) {
  for (const char* intent : {"multiply", "add", "subtract", "divide", "multiply_and_add"}) {
    for (const Task& task : tasks_of(kSchool, intent)) {
      const auto world = make_world(task);
      const Json result = world->call(task.actions.front()).at("result");
      EXPECT_TRUE(result.is_number_integer()) << task.actions.front().arguments.dump();
      EXPECT_GT(result, 0);
      EXPECT_EQ(task.facts, std::vector<std::string>{result.dump()}) << task.id;
    }
  }
}

TEST(SchoolIntents, OnlyWhoPassesGetsTheNextLesson) {
  for (const char* intent : {"assign", "progress_and_assign"}) {
    for (const Task& task : tasks_of(kSchool, intent)) {
      const auto world = make_world(task);
      EXPECT_GE(student_of(*world, task).at("score"), 70) << task.id;
      EXPECT_EQ(task.actions.back().arguments.at("lesson"),
                student_of(*world, task).at("next_lesson"));
    }
  }
  for (const Task& task : tasks_of(kSchool, "assign_too_low")) {
    const auto world = make_world(task);
    EXPECT_LT(student_of(*world, task).at("score"), 70) << task.id;
  }
  for (const Task& task : tasks_of(kSchool, "record_and_assign")) {
    EXPECT_GE(task.actions.front().arguments.at("score"), 70) << task.id;
  }
  for (const Task& task : tasks_of(kSchool, "record_and_assign_too_low")) {
    EXPECT_LT(task.actions.front().arguments.at("score"), 70) << task.id;
  }
}

TEST(SchoolIntents, AssigningInSpiteOfTheScoreFails) {
  for (const char* intent : {"assign_too_low", "record_and_assign_too_low"}) {
    for (const Task& task : tasks_of(kSchool, intent)) {
      ASSERT_TRUE(task.refuse);
      const auto world = make_world(task);
      std::vector<ToolCall> calls = task.actions;
      calls.push_back({"assign_lesson",
                       {{"student", task.actions.front().arguments.at("student")},
                        {"lesson", student_of(*world, task).at("next_lesson")}}});
      EXPECT_FALSE(solved_by(task, calls, task.answer)) << task.id;
    }
  }
}

TEST(SchoolIntents, RefusingWhatIsAllowedFails) {
  for (const char* intent : {"assign", "progress_and_assign", "record_and_assign"}) {
    for (const Task& task : tasks_of(kSchool, intent)) {
      const std::vector<ToolCall> without(task.actions.begin(), task.actions.end() - 1);
      EXPECT_FALSE(solved_by(task, without, "I cannot. " + task.answer)) << task.id;
    }
  }
  for (const Task& task : tasks_of(kSchool, "record_and_assign_too_low")) {
    EXPECT_FALSE(solved_by(task, {task.actions.back()}, task.answer)) << "the score is missing";
  }
}

TEST(SchoolIntents, ALessonThatIsNotTheNextFails) {
  for (const Task& task : tasks_of(kSchool, "assign")) {
    const auto world = make_world(task);
    std::vector<ToolCall> calls = task.actions;
    calls.back().arguments["lesson"] = student_of(*world, task).at("lesson");
    EXPECT_FALSE(solved_by(task, calls, task.answer)) << task.id;
  }
}

}  // namespace
}  // namespace frugal::agent
