#include "frugal/agent/dialogue.h"

#include <gtest/gtest.h>

namespace frugal::agent {
namespace {

/// The first task of an intent.
Task task_of(std::string_view intent) {
  for (Task& task : make_tasks(Split::kTest, 1, 300)) {
    if (task.intent == intent) return std::move(task);
  }
  ADD_FAILURE() << "no task of " << intent;
  return {};
}

constexpr std::string_view kBroken = "<tool_call>\n{\"name\": \n</tool_call>";

TEST(Dialogue, BeginsWithPolicyAndWish) {
  const Task task = task_of("cancel");
  const Dialogue dialogue(task, 8);
  ASSERT_EQ(dialogue.messages().size(), 2U);
  EXPECT_EQ(dialogue.messages()[0].role, "system");
  EXPECT_EQ(dialogue.messages()[1].content, task.user);
  EXPECT_EQ(dialogue.tools().size(), 5U);
  EXPECT_EQ(dialogue.status(), Status::kRunning);
  EXPECT_FALSE(dialogue.success());
}

TEST(Dialogue, WhoDoesTheTasksActionsSucceeds) {
  for (const Task& task : make_tasks(Split::kValidation, 1, 90)) {
    Dialogue dialogue(task, 8);
    for (const ToolCall& call : task.actions) {
      const auto results = dialogue.take(call_text(call), true);
      ASSERT_EQ(results.size(), 1U);
      EXPECT_EQ(results[0].role, "tool");
    }
    EXPECT_TRUE(dialogue.take(task.answer, true).empty());
    EXPECT_EQ(dialogue.status(), Status::kAnswered);
    EXPECT_TRUE(dialogue.success()) << task.id;
    EXPECT_EQ(dialogue.calls(), task.actions);
    EXPECT_EQ(dialogue.messages(), reference_conversation(task));
    EXPECT_EQ(dialogue.steps(), task.actions.size() + 1);
  }
}

TEST(Dialogue, SeveralCallsInOneMessageGetAsManyResults) {
  const Task task = task_of("cancel");
  Dialogue dialogue(task, 8);
  const auto results =
      dialogue.take(call_text(task.actions[0]) + "\n" + call_text(task.actions[1]), true);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_NE(results[0].content.find("processing"), std::string::npos);
  EXPECT_NE(results[1].content.find("cancelled"), std::string::npos);
  (void)dialogue.take(task.answer, true);
  EXPECT_TRUE(dialogue.success());
}

TEST(Dialogue, AMalformedCallIsShownToTheAgentWhichMayTryAgain) {
  const Task task = task_of("cancel");
  Dialogue dialogue(task, 8);
  const auto results = dialogue.take(std::string(kBroken), true);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_NE(results[0].content.find("error"), std::string::npos);
  EXPECT_TRUE(dialogue.calls().empty());
  for (const ToolCall& call : task.actions) (void)dialogue.take(call_text(call), true);
  (void)dialogue.take(task.answer, true);
  EXPECT_TRUE(dialogue.success());
}

TEST(Dialogue, ACallThatTheToolRefusesIsShownToo) {
  const Task task = task_of("cancel");
  Dialogue dialogue(task, 8);
  const auto results = dialogue.take(call_text({"cancel_order", {{"number", 1}}}), true);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].content, R"({"error": "cancel_order: order is missing"})");
}

TEST(Dialogue, EndsAtTheStepLimit) {
  const Task task = task_of("cancel");
  Dialogue dialogue(task, 2);
  EXPECT_FALSE(dialogue.take(call_text(task.actions[0]), true).empty());
  EXPECT_TRUE(dialogue.take(call_text(task.actions[1]), true).empty());
  EXPECT_EQ(dialogue.status(), Status::kStepLimit);
  EXPECT_FALSE(dialogue.success());  // the order is cancelled, but nobody was told
}

TEST(Dialogue, EndsAsMalformedAtTheStepLimitOrWhereAMessageWasCutOff) {
  const Task task = task_of("cancel");
  Dialogue broken(task, 1);
  EXPECT_TRUE(broken.take(std::string(kBroken), true).empty());
  EXPECT_EQ(broken.status(), Status::kMalformed);
  Dialogue cut(task, 8);
  EXPECT_TRUE(cut.take(task.answer, false).empty());
  EXPECT_EQ(cut.status(), Status::kMalformed);
  EXPECT_FALSE(cut.success());
  EXPECT_EQ(cut.messages().back().content, task.answer);
}

TEST(Dialogue, GivesUpForWantOfRoom) {
  const Task task = task_of("cancel");
  Dialogue dialogue(task, 8);
  dialogue.give_up();
  EXPECT_EQ(dialogue.status(), Status::kContextFull);
  EXPECT_FALSE(dialogue.success());
}

TEST(Dialogue, FactsCountOnlyInTheAnswer) {
  const Task task = task_of("order_total");
  Dialogue dialogue(task, 8);
  (void)dialogue.take(task.answer + call_text(task.actions[0]), true);
  (void)dialogue.take("Done.", true);
  EXPECT_EQ(dialogue.status(), Status::kAnswered);
  EXPECT_FALSE(dialogue.success());
}

TEST(StatusName, IsOneForEach) {
  EXPECT_EQ(status_name(Status::kAnswered), "answered");
  EXPECT_EQ(status_name(Status::kStepLimit), "step_limit");
  EXPECT_EQ(status_name(Status::kMalformed), "malformed");
  EXPECT_EQ(status_name(Status::kContextFull), "context_full");
}

}  // namespace
}  // namespace frugal::agent
