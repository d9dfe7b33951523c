#include <gtest/gtest.h>

#include "frugal/agent/task_for_test.h"

namespace frugal::agent {
namespace {

constexpr std::string_view kBank = "finance";

class Bank : public testing::Test {
 protected:
  [[nodiscard]] const Json& accounts() const { return world_.database().at("accounts"); }
  [[nodiscard]] std::string account() const { return accounts().begin().key(); }
  Json transfer(const Json& payee, const Json& amount) {
    return world_.call(
        {"transfer", {{"account", account()}, {"payee", payee}, {"amount", amount}}});
  }

  World world_{finance(), Split::kTest, 7};
};

TEST_F(Bank, ShowsBalances) {
  for (const auto& [id, record] : accounts().items()) {
    EXPECT_EQ(world_.call({"get_balance", {{"account", id}}}),
              (Json{{"account", id}, {"balance", record.at("balance")}}));
  }
  EXPECT_EQ(error_of(world_.call({"get_balance", {{"account", "A0"}}})), "no account A0");
  EXPECT_EQ(error_of(world_.call({"get_balance", Json::object()})),
            "get_balance: account is missing");
}

TEST_F(Bank, ListsTheNewestThreePaymentsOrThoseToOnePayee) {
  const Json& payments = accounts().begin()->at("payments");
  const Json listed = world_.call({"list_transactions", {{"account", account()}}});
  ASSERT_EQ(listed.at("newest_first").size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(listed.at("newest_first").at(i), payments.at(i));
  for (const Json& payment : payments) {
    const Json found = world_.call(
        {"list_transactions", {{"account", account()}, {"payee", payment.at("payee")}}});
    EXPECT_EQ(found.at("newest_first"), Json::array({payment})) << "also one older than the third";
  }
  const Json none =
      world_.call({"list_transactions", {{"account", account()}, {"payee", "Nobody"}}});
  EXPECT_TRUE(none.at("newest_first").empty());
}

TEST_F(Bank, ConvertsByTheRatesAndBack) {
  for (const auto& [currency, rate] : world_.database().at("rates").items()) {
    const Json there =
        world_.call({"convert_currency", {{"amount", 300}, {"from", "EUR"}, {"to", currency}}});
    EXPECT_NEAR(there.at("amount").get<double>(), 300 * rate.get<double>(), 0.0051);
    EXPECT_EQ(there.at("currency"), currency);
    const Json back = world_.call(
        {"convert_currency", {{"amount", there.at("amount")}, {"from", currency}, {"to", "EUR"}}});
    EXPECT_NEAR(back.at("amount").get<double>(), 300.0, 0.02) << currency;
  }
  EXPECT_EQ(
      error_of(world_.call({"convert_currency", {{"amount", 1}, {"from", "XXX"}, {"to", "EUR"}}})),
      "no currency XXX");
}

TEST_F(Bank, ATransferMovesItsAmountAndNothingElse) {
  Json expected = world_.database();
  Json& own = expected["accounts"][account()];
  const double before = own.at("balance").get<double>();
  own["balance"] = before - 12.25;
  own["payments"].insert(own["payments"].begin(), Json{{"payee", "Ada Lin"}, {"amount", 12.25}});
  EXPECT_EQ(transfer("Ada Lin", 12.25),
            (Json{{"payee", "Ada Lin"}, {"amount", 12.25}, {"balance", before - 12.25}}));
  EXPECT_EQ(world_.database(), expected);
}

TEST_F(Bank, ManyTransfersLeaveTheSameBalanceAsOne) {
  World other(finance(), Split::kTest, 7);
  for (int i = 0; i < 10; ++i) (void)transfer("Ada Lin", 0.1);
  (void)other.call({"transfer", {{"account", account()}, {"payee", "Ada Lin"}, {"amount", 1}}});
  EXPECT_EQ(accounts().at(account()).at("balance"),
            other.database().at("accounts").at(account()).at("balance"));
}

TEST_F(Bank, ARequestThatCannotBeServedSaysWhyAndChangesNothing) {
  const std::string before = world_.hash();
  EXPECT_EQ(error_of(transfer("x", 0)), "the amount is not above 0");
  EXPECT_EQ(error_of(transfer("x", -5.5)), "the amount is not above 0");
  EXPECT_EQ(error_of(transfer("x", "5")), "transfer: amount is \"5\", expected type number");
  EXPECT_EQ(error_of(transfer(7, 5)), "transfer: payee is 7, expected type string");
  EXPECT_EQ(error_of(world_.call({"transfer", {{"account", "A0"}, {"payee", "x"}, {"amount", 1}}})),
            "no account A0");
  EXPECT_EQ(error_of(world_.call({"compute_interest", {{"amount", 1}, {"percent", 1}}})),
            "compute_interest: years is missing");
  EXPECT_EQ(world_.hash(), before);
}

// A number that JSON cannot hold would be written as null.
TEST_F(Bank, AResultBeyondAllNumbersIsRefused) {
  const std::string before = world_.hash();
  EXPECT_NE(error_of(world_.call({"compute_interest",
                                  {{"amount", 1e200}, {"percent", 1e200}, {"years", 1}}}))
                .find("not finite"),
            std::string::npos);
  EXPECT_EQ(world_.hash(), before);
  EXPECT_FALSE(transfer("x", 1.7e308).contains("error"));
  const std::string once = world_.hash();
  EXPECT_NE(error_of(transfer("x", 1.7e308)).find("not finite"), std::string::npos);
  EXPECT_EQ(world_.hash(), once);
}

TEST(BankWorld, HasALargeAndASmallAccount) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const World world(finance(), Split::kTrain, seed);
    std::int64_t least = 1'000'000;
    std::int64_t most = 0;
    for (const Json& account : world.database().at("accounts")) {
      const auto balance = account.at("balance").get<std::int64_t>();
      least = std::min(least, balance);
      most = std::max(most, balance);
      EXPECT_GE(account.at("payments").size(), 3U);
    }
    EXPECT_LT(least, 500) << seed;
    EXPECT_GE(most, 1500) << seed;
    EXPECT_EQ(world.database().at("rates").at("EUR"), 1);
  }
}

TEST(BankIntents, CallTheirToolsAndAnswerWithTheirFacts) {
  expect_plans(kBank, {{"balance", {"get_balance"}},
                       {"last_payment", {"list_transactions"}},
                       {"payment", {"list_transactions"}},
                       {"convert", {"convert_currency"}},
                       {"interest", {"compute_interest"}},
                       {"transfer", {"get_balance", "transfer"}},
                       {"transfer_above_limit", {}},
                       {"transfer_insufficient", {"get_balance"}},
                       {"balance_and_convert", {"get_balance", "convert_currency"}},
                       {"balance_and_interest", {"get_balance", "compute_interest"}},
                       {"payment_and_convert", {"list_transactions", "convert_currency"}},
                       {"transfer_and_convert", {"get_balance", "transfer", "convert_currency"}},
                       {"out_of_scope", {}}});
}

TEST(BankIntents, WhatTheToolsAnswerIsInTheReferenceAnswer) {
  for (const Intent& intent : finance().intents) {
    if (intent.refuse) continue;
    for (const Task& task : tasks_of(kBank, intent.name)) {
      const auto world = make_world(task);
      Json last;
      for (const ToolCall& call : task.actions) last = world->call(call);
      for (const char* key : {"interest", "balance"}) {
        if (last.contains(key)) {
          EXPECT_TRUE(contains_fact(task.answer, last.at(key).dump())) << task.id;
        }
      }
      if (!last.contains("currency")) continue;
      EXPECT_TRUE(contains_fact(
          task.answer, last.at("amount").dump() + " " + last.at("currency").get<std::string>()))
          << task.id;
    }
  }
}

TEST(BankIntents, TransfersKeepTheLimitAndTheBalance) {
  for (const char* intent : {"transfer", "transfer_and_convert"}) {
    for (const Task& task : tasks_of(kBank, intent)) {
      const auto world = make_world(task);
      const Json balance = world->call(task.actions[0]).at("balance");
      EXPECT_LE(task.actions[1].arguments.at("amount"), 1000) << task.id;
      EXPECT_LE(task.actions[1].arguments.at("amount"), balance) << task.id;
    }
  }
}

TEST(BankIntents, AnyTransferFailsWhereNoneIsAllowed) {
  for (const char* intent : {"transfer_above_limit", "transfer_insufficient"}) {
    for (const Task& task : tasks_of(kBank, intent)) {
      ASSERT_TRUE(task.refuse);
      const auto world = make_world(task);
      for (const auto& [id, account] : world->database().at("accounts").items()) {
        std::vector<ToolCall> calls = task.actions;
        calls.push_back({"transfer", {{"account", id}, {"payee", "x"}, {"amount", 1}}});
        EXPECT_FALSE(solved_by(task, calls, task.answer)) << task.id;
      }
    }
  }
}

TEST(BankIntents, ATransferTwiceOrOfAnotherAmountOrToAnotherFails) {
  for (const Task& task : tasks_of(kBank, "transfer")) {
    std::vector<ToolCall> twice = task.actions;
    twice.push_back(task.actions.back());
    EXPECT_FALSE(solved_by(task, twice, task.answer)) << task.id;
    std::vector<ToolCall> more = task.actions;
    more.back().arguments["amount"] = task.actions.back().arguments.at("amount").get<int>() + 1;
    EXPECT_FALSE(solved_by(task, more, task.answer)) << task.id;
    std::vector<ToolCall> elsewhere = task.actions;
    elsewhere.back().arguments["payee"] = "Nobody";
    EXPECT_FALSE(solved_by(task, elsewhere, task.answer)) << task.id;
    EXPECT_FALSE(solved_by(task, {task.actions.front()}, "I cannot do that.")) << task.id;
    // A whole amount with a point is the same money.
    std::vector<ToolCall> same = task.actions;
    same.back().arguments["amount"] = task.actions.back().arguments.at("amount").get<double>();
    EXPECT_TRUE(solved_by(task, same, task.answer)) << task.id;
  }
}

}  // namespace
}  // namespace frugal::agent
