#include "frugal/agent/suite.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/base/json.h"

namespace frugal::agent {
namespace {

TEST(Suite, WhatIsWrittenIsRead) {
  const std::vector<Task> tasks = make_tasks(Split::kValidation, 2, 90);
  std::string text = "\n";
  for (const Task& task : tasks) text += suite_line(task);
  EXPECT_EQ(read_suite(text, "s"), tasks);
  EXPECT_TRUE(read_suite("", "s").empty());
}

std::string fault_of(const std::string& line) {
  try {
    (void)read_suite(suite_line(make_tasks(Split::kTest, 1, 1).front()) + line, "s.jsonl");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    return error.what();
  }
  return "";
}

std::string changed(const std::string& key, const Json& value) {
  Json json = parse_json(suite_line(make_tasks(Split::kTest, 1, 1).front()), "line");
  json[key] = value;
  return to_line(json);
}

TEST(Suite, ABadLineIsNamed) {
  EXPECT_EQ(fault_of("[]"), "s.jsonl:2: found no object, expected one task");
  EXPECT_EQ(fault_of("{}"), "s.jsonl:2: scenario is missing, expected a text");
  EXPECT_EQ(fault_of(changed("user", 3)), "s.jsonl:2: user is 3, expected a text");
  EXPECT_EQ(fault_of(changed("difficulty", 4)), "s.jsonl:2: difficulty: expected 1 to 3");
  EXPECT_EQ(fault_of(changed("world_seed", -1)),
            "s.jsonl:2: world_seed is -1, expected a whole number");
  EXPECT_EQ(fault_of(changed("split", "all")),
            "s.jsonl:2: split: expected train, validation or test");
  EXPECT_NE(fault_of(changed("scenario", "x")).find("s.jsonl:2: scenario x"), std::string::npos);
  EXPECT_NE(fault_of(changed("facts", {1})).find("s.jsonl:2: facts"), std::string::npos);
  EXPECT_NE(fault_of(changed("actions", {1})).find("s.jsonl:2: action 1"), std::string::npos);
  EXPECT_NE(fault_of(changed("actions", {{{"name", "fly"}, {"arguments", Json::object()}}}))
                .find("not a tool"),
            std::string::npos);
  EXPECT_NE(fault_of(changed("actions", {{{"name", "get_order"}, {"arguments", Json::object()}}}))
                .find("order is missing"),
            std::string::npos);
  EXPECT_NE(fault_of("{\"id\": ").find("s.jsonl:2"), std::string::npos);
}

TEST(ConversationLine, HoldsMessagesToolsAndWhereItComesFrom) {
  const Task task = make_tasks(Split::kTrain, 1, 1).front();
  const Json json = parse_json(conversation_line(task), "line");
  EXPECT_EQ(json.at("messages").at(0).at("role"), "system");
  EXPECT_EQ(json.at("messages").at(1).at("content"), task.user);
  EXPECT_EQ(json.at("messages").back().at("content"), task.answer);
  EXPECT_EQ(json.at("tools").at(0).at("function").at("name"), "get_order");
  EXPECT_EQ(json.at("scenario"), task.scenario);
  EXPECT_EQ(json.at("intent"), task.intent);
  EXPECT_EQ(json.at("difficulty"), task.difficulty);
  EXPECT_EQ(json.at("task"), task.id);
  // A trainer that writes the tools as Python's json.dumps does gets the line of the prompt.
  EXPECT_EQ(to_spaced_line(json.at("tools").at(0)), tool_signatures(*make_world(task)).front());
}

TEST(BriefLine, BeginsWithTheRequestAndEndsAsTheWholeOne) {
  for (const Task& task : make_tasks(Split::kTrain, 3, 12)) {
    Json whole = parse_json(conversation_line(task), "line");
    const Json brief = parse_json(brief_line(task), "line");
    EXPECT_FALSE(brief.contains("tools"));
    whole.erase("tools");
    whole["messages"].erase(0);
    EXPECT_EQ(brief, whole);
  }
}

}  // namespace
}  // namespace frugal::agent
