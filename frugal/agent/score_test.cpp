#include "frugal/agent/score.h"

#include <gtest/gtest.h>

#include <array>

namespace frugal::agent {
namespace {

TEST(ContainsFact, IgnoresCaseAndCommas) {
  EXPECT_TRUE(contains_fact("The total is 1,234.5 EUR.", "1234.5 eur"));
  EXPECT_TRUE(contains_fact("GREEN Lamp", "green lamp"));
  EXPECT_FALSE(contains_fact("", "1"));
}

TEST(ContainsFact, DoesNotTakeAPartForTheWhole) {
  EXPECT_FALSE(contains_fact("It cost 84.37 EUR.", "84"));
  EXPECT_FALSE(contains_fact("It cost 84.37 EUR.", "37"));
  EXPECT_FALSE(contains_fact("It was 145 days ago.", "45 days"));
  EXPECT_FALSE(contains_fact("Lesson L482.", "82"));
  EXPECT_TRUE(contains_fact("It is 84. Yes.", "84"));
  EXPECT_TRUE(contains_fact("L482 has 82.", "82"));
  EXPECT_TRUE(contains_fact("at 9:40.", "9:40"));
}

// A task for each kind of intent that changes the database, and for one that does not.
Task task_of(std::string_view intent) {
  for (const Task& task : make_tasks(Split::kTest, 3, 300)) {
    if (task.intent == intent) return task;
  }
  ADD_FAILURE() << "no task of " << intent;
  return {};
}

bool solved_by(const Task& task, const std::vector<ToolCall>& calls, std::string_view said) {
  const auto world = make_world(task);
  for (const ToolCall& call : calls) (void)world->call(call);
  return solves(task, *world, said);
}

TEST(Solves, EveryReferenceConversationDoes) {
  for (const Split split : kAllSplits) {
    for (const Task& task : make_tasks(split, 1, 900)) {
      EXPECT_TRUE(solved_by(task, task.actions, task.answer)) << task.id << " " << task.intent;
      const auto messages = reference_conversation(task);
      for (const text::ChatMessage& message : messages) {
        EXPECT_EQ(message.content.find("\"error\""), std::string::npos) << message.content;
      }
      EXPECT_LE(task.actions.size(), 3U);
    }
  }
}

TEST(Solves, AWishThatWasNotCarriedOutFails) {
  for (const char* intent : {"refund", "cancel", "change_address", "assign", "transfer"}) {
    const Task task = task_of(intent);
    EXPECT_FALSE(solved_by(task, {task.actions.front()}, task.answer)) << intent;
    EXPECT_FALSE(solved_by(task, {}, "I cannot do that.")) << intent;
  }
}

TEST(Solves, WhatThePolicyForbidsFailsWhenItIsDone) {
  const Task late = task_of("refund_too_late");
  const Json order = late.actions.front().arguments;
  EXPECT_FALSE(solved_by(late, {{"refund_order", order}}, late.answer));
  const Task above = task_of("transfer_above_limit");
  const auto world = make_world(above);
  const std::string account = world->database().at("accounts").begin().key();
  EXPECT_FALSE(solved_by(above,
                         {{"transfer", {{"account", account}, {"payee", "x"}, {"amount", 2000}}}},
                         above.answer));
}

TEST(Solves, WrongArgumentsFail) {
  const Task task = task_of("change_address");
  std::vector<ToolCall> calls = task.actions;
  calls.back().arguments["address"] = "1 Nowhere Road";
  EXPECT_FALSE(solved_by(task, calls, task.answer));
}

TEST(Solves, AnAnswerWithoutTheFactFails) {
  const Task task = task_of("balance");
  EXPECT_TRUE(solved_by(task, {}, task.answer));  // no call was needed to know the database
  EXPECT_FALSE(solved_by(task, task.actions, "The balance is high."));
}

TEST(Solves, AnotherWayToTheSameDatabaseCounts) {
  const Task task = task_of("cancel");
  std::vector<ToolCall> calls = {task.actions.back()};
  calls.push_back(task.actions.front());
  calls.push_back(task.actions.front());
  EXPECT_TRUE(solved_by(task, calls, task.answer));
}

TEST(PassHat, IsTheChanceThatKTrialsAllSucceed) {
  const std::array<std::size_t, 3> successes = {4, 2, 0};
  EXPECT_DOUBLE_EQ(pass_hat(successes, 4, 1), (1.0 + 0.5 + 0.0) / 3);
  EXPECT_DOUBLE_EQ(pass_hat(successes, 4, 2), (1.0 + (1.0 / 6) + 0.0) / 3);  // C(2,2) / C(4,2)
  EXPECT_DOUBLE_EQ(pass_hat(successes, 4, 4), 1.0 / 3);
  EXPECT_EQ(pass_hat({}, 4, 1), 0.0);
}

}  // namespace
}  // namespace frugal::agent
