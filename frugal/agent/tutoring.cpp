#include <functional>

#include "frugal/agent/arithmetic.h"
#include "frugal/agent/phrases.h"
#include "frugal/agent/scenario.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

// A school.  Database:
//   students: name -> {lesson, score, next_lesson}
//   lessons:  id -> {title, page, minutes}

namespace frugal::agent {

namespace {

constexpr std::string_view kPolicy =
    "You are a tutor. Use calculate for all arithmetic. Never give answers to graded quizzes. Look "
    "up the progress of a student before you assign a lesson. Assign only the next lesson, and "
    "only "
    "when the score is at least 70. If something is not allowed, do not do it and say what you "
    "cannot do.";
constexpr std::int64_t kPassingScore = 70;

// --- World --------------------------------------------------------------------------------------

Json make_school(Values& values, Random& random) {
  const std::uint64_t count = random.between(3, 5);
  std::vector<std::string> ids;
  Json lessons = Json::object();
  for (std::uint64_t i = 0; i < count + 1; ++i) {
    ids.push_back(values.id('L', 3));
    lessons[ids.back()] = {{"title", values.topic()},
                           {"page", values.whole(11, 899)},
                           {"minutes", random.between(10, 90)}};
  }
  Json students = Json::object();
  for (std::uint64_t i = 0; i < count; ++i) {
    // The first passes, the second does not, the others as it comes.
    const bool passes = i == 0 || (i > 1 && random.chance(0.5));
    const std::int64_t score =
        passes ? random.between(kPassingScore, 100) : random.between(20, kPassingScore - 1);
    const auto now = static_cast<std::size_t>(random.below(count));
    students[values.person()] = {
        {"lesson", ids[now]}, {"score", score}, {"next_lesson", ids[now + 1]}};
  }
  return {{"students", students}, {"lessons", lessons}};
}

// --- Tools --------------------------------------------------------------------------------------

Json calculate(Json& /*database*/, const Json& arguments) {
  return {{"result", tidy(evaluate(arguments.at("expression").get_ref<const std::string&>()))}};
}

Json get_lesson(Json& database, const Json& arguments) {
  Json result = {{"lesson", arguments.at("lesson")}};
  result.update(record_of(database["lessons"], "lesson", arguments.at("lesson")));
  return result;
}

Json get_progress(Json& database, const Json& arguments) {
  Json result = {{"student", arguments.at("student")}};
  result.update(record_of(database["students"], "student", arguments.at("student")));
  return result;
}

Json record_score(Json& database, const Json& arguments) {
  Json& student = record_of(database["students"], "student", arguments.at("student"));
  if (student.at("lesson") != arguments.at("lesson")) {
    throw Error(ErrorKind::kInvalidArgument, "the student is not in that lesson");
  }
  student["score"] = arguments.at("score");
  return arguments;
}

Json assign_lesson(Json& database, const Json& arguments) {
  (void)record_of(database["lessons"], "lesson", arguments.at("lesson"));
  Json& student = record_of(database["students"], "student", arguments.at("student"));
  student["lesson"] = arguments.at("lesson");
  student["score"] = 0;
  student.erase("next_lesson");
  return arguments;
}

// --- Plans --------------------------------------------------------------------------------------

Plan plan_sum(std::string expression, Slots slots) {
  const std::string result = to_line(tidy(evaluate(expression)));
  return {std::move(slots),
          {{"calculate", {{"expression", std::move(expression)}}}},
          str("The answer is {}.", result),
          {result}};
}

Plan plan_multiply(const PlanInput& input) {
  const std::int64_t a = input.values.whole(11, 99);
  const std::int64_t b = input.values.whole(11, 99);
  return plan_sum(str("{} * {}", a, b), {{"a", str("{}", a)},
                                         {"b", str("{}", b)},
                                         {"who", input.values.person()},
                                         {"things", input.values.things()}});
}

Plan plan_add(const PlanInput& input) {
  const std::int64_t a = input.values.whole(101, 999);
  const std::int64_t b = input.values.whole(101, 999);
  return plan_sum(str("{} + {}", a, b), {{"a", str("{}", a)},
                                         {"b", str("{}", b)},
                                         {"who", input.values.person()},
                                         {"things", input.values.things()}});
}

Plan plan_subtract(const PlanInput& input) {
  const std::int64_t a = input.values.whole(501, 999);
  const std::int64_t b = input.values.whole(101, 499);
  return plan_sum(str("{} - {}", a, b), {{"a", str("{}", a)},
                                         {"b", str("{}", b)},
                                         {"who", input.values.person()},
                                         {"things", input.values.things()}});
}

Plan plan_divide(const PlanInput& input) {
  constexpr std::int64_t kMostFriends = 12;
  std::int64_t a = 0;
  std::vector<std::int64_t> divisors;
  while (divisors.empty()) {
    a = input.values.whole(101, 999);
    for (std::int64_t b = 3; b <= kMostFriends; ++b) {
      if (a % b == 0) divisors.push_back(b);
    }
  }
  const std::int64_t b = input.random.pick(divisors);
  return plan_sum(str("{} / {}", a, b), {{"a", str("{}", a)},
                                         {"b", str("{}", b)},
                                         {"who", input.values.person()},
                                         {"things", input.values.things()}});
}

Plan plan_two_steps(const PlanInput& input) {
  const std::int64_t a = input.values.whole(11, 99);
  const std::int64_t b = input.values.whole(11, 99);
  const std::int64_t c = input.values.whole(101, 999);
  Plan plan = plan_sum(str("{} * {} + {}", a, b, c), {{"a", str("{}", a)},
                                                      {"b", str("{}", b)},
                                                      {"c", str("{}", c)},
                                                      {"who", input.values.person()},
                                                      {"things", input.values.things()}});
  return plan;
}

/// A question about one member of a lesson.
Plan plan_lesson(const PlanInput& input, std::string_view key) {
  std::vector<std::string> ids;
  for (const auto& [id, lesson] : input.database.at("lessons").items()) ids.push_back(id);
  const std::string& id = input.random.pick(ids);
  const Json& value = input.database.at("lessons").at(id).at(std::string(key));
  const std::string text = value.is_string() ? value.get<std::string>() : to_line(value);
  std::string answer = str("Lesson {} is about {}.", id, text);
  if (key == "page") answer = str("Lesson {} is on page {}.", id, text);
  if (key == "minutes") answer = str("Lesson {} takes {} minutes.", id, text);
  return {{{"lesson", id}}, {{"get_lesson", {{"lesson", id}}}}, answer, {text}};
}

Plan plan_title(const PlanInput& input) {
  return plan_lesson(input, "title");
}

Plan plan_page(const PlanInput& input) {
  return plan_lesson(input, "page");
}

Plan plan_minutes(const PlanInput& input) {
  return plan_lesson(input, "minutes");
}

struct Student {
  std::string name;
  std::string lesson;
  std::int64_t score = 0;
  std::string next;
};

bool passes(std::int64_t score) {
  return score >= kPassingScore;
}

Student pick_student(const PlanInput& input, const std::function<bool(std::int64_t score)>& test) {
  std::vector<Student> fitting;
  for (const auto& [name, record] : input.database.at("students").items()) {
    const auto score = record.at("score").get<std::int64_t>();
    if (!test(score)) continue;
    fitting.push_back({name, record.at("lesson").get<std::string>(), score,
                       record.at("next_lesson").get<std::string>()});
  }
  return input.random.pick(fitting);
}

Student any_student(const PlanInput& input) {
  return pick_student(input, [](std::int64_t /*score*/) { return true; });
}

ToolCall progress_call(const Student& student) {
  return {"get_progress", {{"student", student.name}}};
}

ToolCall assign_call(const Student& student) {
  return {"assign_lesson", {{"student", student.name}, {"lesson", student.next}}};
}

ToolCall record_call(const Student& student) {
  return {"record_score",
          {{"student", student.name}, {"lesson", student.lesson}, {"score", student.score}}};
}

std::string refusal(const Student& student) {
  return str("I cannot assign the next lesson to {}. The score is {}, at least 70 is needed.",
             student.name, student.score);
}

Plan plan_progress(const PlanInput& input) {
  const Student student = any_student(input);
  return {{{"student", student.name}},
          {progress_call(student)},
          str("The score of {} in lesson {} is {}.", student.name, student.lesson, student.score),
          {str("{}", student.score)}};
}

Plan plan_record(const PlanInput& input) {
  Student student = any_student(input);
  student.score = input.random.between(20, 100);
  return {
      {{"student", student.name}, {"lesson", student.lesson}, {"score", str("{}", student.score)}},
      {record_call(student)},
      str("Done. The score of {} in lesson {} is now {}.", student.name, student.lesson,
          student.score),
      {str("{}", student.score)}};
}

Plan plan_assign(const PlanInput& input) {
  const Student student = pick_student(input, passes);
  return {{{"student", student.name}},
          {progress_call(student), assign_call(student)},
          str("Done. {} now has lesson {}.", student.name, student.next),
          {student.next}};
}

Plan plan_refused_assign(const PlanInput& input) {
  const Student student = pick_student(input, [](std::int64_t score) { return !passes(score); });
  return {{{"student", student.name}},
          {progress_call(student)},
          refusal(student),
          {"cannot", str("{}", student.score)}};
}

Plan plan_progress_and_assign(const PlanInput& input) {
  const Student student = pick_student(input, passes);
  return {{{"student", student.name}},
          {progress_call(student), assign_call(student)},
          str("The score of {} is {}. {} now has lesson {}.", student.name, student.score,
              student.name, student.next),
          {str("{}", student.score), student.next}};
}

Slots recorded(const Student& student) {
  return {
      {"student", student.name}, {"lesson", student.lesson}, {"score", str("{}", student.score)}};
}

Plan plan_record_and_assign(const PlanInput& input) {
  Student student = any_student(input);
  student.score = input.random.between(kPassingScore, 100);
  return {recorded(student),
          {record_call(student), progress_call(student), assign_call(student)},
          str("Done. The score is {}. {} now has lesson {}.", student.score, student.name,
              student.next),
          {str("{}", student.score), student.next}};
}

Plan plan_record_and_refuse(const PlanInput& input) {
  Student student = any_student(input);
  student.score = input.random.between(20, kPassingScore - 1);
  return {recorded(student),
          {record_call(student), progress_call(student)},
          refusal(student),
          {"cannot", str("{}", student.score)}};
}

Plan plan_quiz(const PlanInput& input) {
  return {{{"quiz", input.values.id('Q', 3)}, {"number", str("{}", input.random.between(1, 20))}},
          {},
          "Sorry, I cannot give answers to graded quizzes.",
          {"cannot"}};
}

// --- Scenario -----------------------------------------------------------------------------------

std::vector<Tool> school_tools() {
  return {{"calculate", "Work out an expression.", object_schema({{"expression", "string"}})},
          {"get_lesson", "Look up a lesson.", object_schema({{"lesson", "string"}})},
          {"get_progress", "Look up a student.", object_schema({{"student", "string"}})},
          {"record_score", "Write down a score.",
           object_schema({{"student", "string"}, {"lesson", "string"}, {"score", "integer"}})},
          {"assign_lesson", "Give a student a lesson.",
           object_schema({{"student", "string"}, {"lesson", "string"}})}};
}

std::vector<Intent> school_intents() {
  return {{"multiply", 1, false, "multiply", plan_multiply},
          {"add", 1, false, "add", plan_add},
          {"subtract", 1, false, "subtract", plan_subtract},
          {"divide", 1, false, "divide", plan_divide},
          {"multiply_and_add", 2, false, "multiply_and_add", plan_two_steps},
          {"lesson_title", 1, false, "title", plan_title},
          {"lesson_page", 1, false, "page", plan_page},
          {"lesson_time", 1, false, "minutes", plan_minutes},
          {"progress", 1, false, "progress", plan_progress},
          {"record_score", 1, false, "record", plan_record},
          {"assign", 2, false, "assign", plan_assign},
          {"assign_too_low", 2, true, "assign", plan_refused_assign},
          {"quiz_answers", 1, true, "quiz", plan_quiz},
          {"progress_and_assign", 2, false, "progress_and_assign", plan_progress_and_assign},
          {"record_and_assign", 3, false, "record_and_assign", plan_record_and_assign},
          {"record_and_assign_too_low", 3, true, "record_and_assign", plan_record_and_refuse}};
}

}  // namespace

const Scenario& tutoring() {
  static const Scenario scenario = {
      "tutoring",       kPolicy,
      school_tools(),   {calculate, get_lesson, get_progress, record_score, assign_lesson},
      school_intents(), &tutoring_phrases(),
      make_school};
  return scenario;
}

}  // namespace frugal::agent
