#include "frugal/agent/scenario.h"

#include <gtest/gtest.h>

#include <set>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/text/chat.h"

namespace frugal::agent {
namespace {

std::size_t words_in(std::string_view text) {
  return split(text, ' ').size();
}

TEST(Scenario, IsFoundByItsName) {
  for (const std::string_view name : scenario_names()) EXPECT_EQ(find_scenario(name).name, name);
  EXPECT_THROW((void)find_scenario("retail"), Error);
}

TEST(Scenario, IsSmall) {
  for (const std::string_view name : scenario_names()) {
    const Scenario& scenario = find_scenario(name);
    EXPECT_LE(words_in(scenario.policy), 70U) << name;
    EXPECT_GE(scenario.tools.size(), 4U);
    EXPECT_LE(scenario.tools.size(), 6U);
    EXPECT_EQ(scenario.tools.size(), scenario.handlers.size());
    std::vector<std::string> signatures;
    for (const Tool& tool : scenario.tools) {
      EXPECT_LE(words_in(tool.description), 10U) << tool.name;
      signatures.push_back(signature(tool));
    }
    const std::vector<text::ChatMessage> system = {{"system", std::string(scenario.policy)}};
    EXPECT_LE(text::render_chat(system, {.tools = signatures}).size(), 1900U) << name;
  }
}

TEST(Scenario, HasRefusalsAndThreeDifficulties) {
  for (const std::string_view name : scenario_names()) {
    std::set<int> difficulties;
    std::set<std::string_view> names;
    std::size_t refusals = 0;
    for (const Intent& intent : find_scenario(name).intents) {
      difficulties.insert(intent.difficulty);
      names.insert(intent.name);
      refusals += intent.refuse ? 1 : 0;
    }
    EXPECT_EQ(difficulties, (std::set<int>{1, 2, 3}));
    EXPECT_EQ(names.size(), find_scenario(name).intents.size());
    EXPECT_GE(refusals, 3U);
    EXPECT_LE(refusals * 2, names.size());
  }
}

TEST(World, TheSameSeedGivesTheSameDatabaseAndAnotherDoesNot) {
  for (const std::string_view name : scenario_names()) {
    const Scenario& scenario = find_scenario(name);
    const World world(scenario, Split::kTrain, 5);
    EXPECT_EQ(world.hash(), World(scenario, Split::kTrain, 5).hash());
    EXPECT_NE(world.hash(), World(scenario, Split::kTrain, 6).hash());
    EXPECT_NE(world.hash(), World(scenario, Split::kTest, 5).hash());
  }
}

TEST(World, HasThreeToEightRecords) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const World shop(customer_service(), Split::kTest, seed);
    const World school(tutoring(), Split::kTest, seed);
    const World bank(finance(), Split::kTest, seed);
    for (const Json* table : {&shop.database().at("orders"), &school.database().at("students"),
                              &bank.database().at("accounts")}) {
      EXPECT_GE(table->size(), 3U);
      EXPECT_LE(table->size(), 8U);
    }
  }
}

TEST(World, ToolsAnswerWhateverIsAsked) {
  World shop(customer_service(), Split::kTrain, 1);
  const std::string before = shop.hash();
  EXPECT_EQ(shop.call({"get_order", {{"order", "W1"}}}), error_result("no order W1"));
  EXPECT_EQ(shop.call({"fly", Json::object()}), error_result("no tool fly"));
  EXPECT_TRUE(shop.call({"get_order", Json::array()}).contains("error"));
  EXPECT_TRUE(shop.call({"get_order", {{"order", 3}}}).contains("error"));
  EXPECT_TRUE(shop.call({"search_help", {{"query", ""}}}).contains("error"));
  EXPECT_EQ(shop.hash(), before);
}

TEST(World, ToolsDoAsTheyAreToldAlsoAgainstThePolicy) {
  World shop(customer_service(), Split::kTrain, 1);
  const Json orders = shop.database().at("orders");
  for (const auto& [id, order] : orders.items()) {
    EXPECT_EQ(shop.call({"refund_order", {{"order", id}}}).at("status"), "refunded");
    EXPECT_EQ(shop.call({"change_address", {{"order", id}, {"address", "X"}}}).at("address"), "X");
    EXPECT_EQ(shop.call({"cancel_order", {{"order", id}}}).at("status"), "cancelled");
    EXPECT_EQ(shop.call({"get_order", {{"order", id}}}).at("status"), "cancelled");
  }
}

TEST(World, TheSchoolKeepsScoresAndLessons) {
  World school(tutoring(), Split::kTrain, 1);
  const Json students = school.database().at("students");
  const std::string name = students.begin().key();
  const Json lesson = students.begin()->at("lesson");
  const Json next = students.begin()->at("next_lesson");
  EXPECT_EQ(school.call({"calculate", {{"expression", "6 * 7"}}}), (Json{{"result", 42}}));
  EXPECT_TRUE(school.call({"calculate", {{"expression", "six"}}}).contains("error"));
  EXPECT_TRUE(school.call({"get_lesson", {{"lesson", lesson}}}).contains("page"));
  const Json score = {{"student", name}, {"lesson", lesson}, {"score", 91}};
  EXPECT_EQ(school.call({"record_score", score}), score);
  EXPECT_EQ(school.call({"get_progress", {{"student", name}}}).at("score"), 91);
  (void)school.call({"assign_lesson", {{"student", name}, {"lesson", next}}});
  EXPECT_EQ(school.call({"get_progress", {{"student", name}}}).at("lesson"), next);
  EXPECT_TRUE(school.call({"record_score", score}).contains("error"));
  EXPECT_TRUE(
      school.call({"assign_lesson", {{"student", name}, {"lesson", "L"}}}).contains("error"));
}

TEST(World, TheBankMovesMoney) {
  World bank(finance(), Split::kTrain, 1);
  const Json accounts = bank.database().at("accounts");
  const std::string id = accounts.begin().key();
  const auto balance = accounts.begin()->at("balance").get<std::int64_t>();
  const Json done =
      bank.call({"transfer", {{"account", id}, {"payee", "Ada Lin"}, {"amount", 100.5}}});
  EXPECT_EQ(done.at("balance").get<double>(), static_cast<double>(balance) - 100.5);
  const Json listed = bank.call({"list_transactions", {{"account", id}}}).at("newest_first");
  EXPECT_EQ(listed.at(0), (Json{{"payee", "Ada Lin"}, {"amount", 100.5}}));
  EXPECT_LE(listed.size(), 3U);
  EXPECT_EQ(bank.call({"list_transactions", {{"account", id}, {"payee", "Ada Lin"}}})
                .at("newest_first")
                .size(),
            1U);
  EXPECT_TRUE(
      bank.call({"transfer", {{"account", id}, {"payee", "x"}, {"amount", -1}}}).contains("error"));
  EXPECT_TRUE(bank.call({"convert_currency", {{"amount", 1}, {"from", "EUR"}, {"to", "XXX"}}})
                  .contains("error"));
  EXPECT_EQ(bank.call({"compute_interest", {{"amount", 200}, {"percent", 3}, {"years", 5}}}),
            (Json{{"interest", 30}}));
}

}  // namespace
}  // namespace frugal::agent
