#include <gtest/gtest.h>

#include "frugal/agent/task_for_test.h"

namespace frugal::agent {
namespace {

constexpr std::string_view kShop = "customer_service";

class Shop : public testing::Test {
 protected:
  [[nodiscard]] const Json& orders() const { return world_.database().at("orders"); }
  [[nodiscard]] std::string first_order() const { return orders().begin().key(); }

  World world_{customer_service(), Split::kTest, 7};
};

const Json& order_of(const Environment& world, const Task& task) {
  const auto id = task.actions.back().arguments.at("order").get<std::string>();
  return world.database().at("orders").at(id);
}

TEST_F(Shop, ShowsAnOrderWithItsNumberFirst) {
  for (const auto& [id, order] : orders().items()) {
    Json shown = world_.call({"get_order", {{"order", id}}});
    EXPECT_EQ(shown.begin().key(), "order");
    shown.erase("order");
    EXPECT_EQ(shown, order);
  }
}

TEST_F(Shop, AToolChangesItsOrderAndNothingElse) {
  const Json before = world_.database();
  const std::string id = first_order();
  Json expected = before;
  expected["orders"][id]["status"] = "refunded";
  const Json result = world_.call({"refund_order", {{"order", id}}});
  EXPECT_EQ(world_.database(), expected);
  EXPECT_EQ(result.at("total"), before.at("orders").at(id).at("total"));
  expected["orders"][id]["status"] = "cancelled";
  (void)world_.call({"cancel_order", {{"order", id}}});
  EXPECT_EQ(world_.database(), expected);
  expected["orders"][id]["address"] = "3 Mill Road";
  (void)world_.call({"change_address", {{"order", id}, {"address", "3 Mill Road"}}});
  EXPECT_EQ(world_.database(), expected);
}

TEST_F(Shop, ARequestThatCannotBeServedSaysWhyAndChangesNothing) {
  const std::string before = world_.hash();
  for (const char* tool : {"get_order", "refund_order", "cancel_order"}) {
    const std::string name = tool;
    EXPECT_EQ(error_of(world_.call({name, {{"order", "W9"}}})), "no order W9");
    EXPECT_EQ(error_of(world_.call({name, Json::object()})), name + ": order is missing");
    EXPECT_EQ(error_of(world_.call({name, {{"order", true}}})),
              name + ": order is true, expected type string");
    EXPECT_EQ(error_of(world_.call({name, {{"order", first_order()}, {"why", "x"}}})),
              name + ": unknown argument why, expected order");
  }
  EXPECT_EQ(error_of(world_.call({"change_address", {{"order", first_order()}}})),
            "change_address: address is missing");
  EXPECT_EQ(error_of(world_.call({"change_address", {{"order", "W9"}, {"address", "x"}}})),
            "no order W9");
  EXPECT_EQ(world_.hash(), before);
}

TEST_F(Shop, FindsTheArticleWithMostOfTheWords) {
  for (const Json& article : world_.database().at("help")) {
    const Json found = world_.call({"search_help", {{"query", article}}});
    EXPECT_EQ(found, (Json{{"article", article}}));
  }
  const auto article = world_.database().at("help").at(2).get<std::string>();
  std::string loud = article;
  for (char& c : loud) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  EXPECT_EQ(world_.call({"search_help", {{"query", loud}}}), (Json{{"article", article}}));
  EXPECT_EQ(error_of(world_.call({"search_help", {{"query", "   "}}})), "no article about that");
  EXPECT_EQ(error_of(world_.call({"search_help", {{"query", "zzz"}}})), "no article about that");
}

TEST(ShopWorld, HasAnOrderForEachRuleOfThePolicy) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const World world(customer_service(), Split::kTrain, seed);
    std::size_t processing = 0;
    std::size_t shipped = 0;
    std::size_t recent = 0;
    std::size_t late = 0;
    for (const Json& order : world.database().at("orders")) {
      processing += order.at("status") == "processing" ? 1 : 0;
      shipped += order.at("status") == "shipped" ? 1 : 0;
      EXPECT_EQ(order.contains("days_since_delivery"), order.at("status") == "delivered");
      if (!order.contains("days_since_delivery")) continue;
      (order.at("days_since_delivery") <= 30 ? recent : late) += 1;
    }
    EXPECT_GE(std::min({processing, shipped, recent, late}), 1U) << seed;
  }
}

TEST(ShopIntents, CallTheirToolsAndAnswerWithTheirFacts) {
  expect_plans(kShop, {{"order_status", {"get_order"}},
                       {"order_item", {"get_order"}},
                       {"order_total", {"get_order"}},
                       {"refund", {"get_order", "refund_order"}},
                       {"refund_too_late", {"get_order"}},
                       {"refund_not_delivered", {"get_order"}},
                       {"cancel", {"get_order", "cancel_order"}},
                       {"cancel_too_late", {"get_order"}},
                       {"change_address", {"get_order", "change_address"}},
                       {"change_address_too_late", {"get_order"}},
                       {"delivery_time", {"search_help"}},
                       {"store_hours", {"search_help"}},
                       {"warranty", {"search_help"}},
                       {"total_and_refund", {"get_order", "refund_order"}},
                       {"status_and_cancel", {"get_order", "get_order", "cancel_order"}},
                       {"out_of_scope", {}}});
}

TEST(ShopIntents, AskForWhatThePolicyAllowsOrForbids) {
  const auto days = [](const Json& order) { return order.value("days_since_delivery", -1); };
  for (const char* intent : {"refund", "total_and_refund"}) {
    for (const Task& task : tasks_of(kShop, intent)) {
      const auto world = make_world(task);
      EXPECT_EQ(order_of(*world, task).at("status"), "delivered");
      EXPECT_LE(days(order_of(*world, task)), 30) << task.id;
    }
  }
  for (const Task& task : tasks_of(kShop, "refund_too_late")) {
    const auto world = make_world(task);
    EXPECT_GT(days(order_of(*world, task)), 30) << task.id;
  }
  for (const char* intent : {"cancel", "change_address", "status_and_cancel"}) {
    for (const Task& task : tasks_of(kShop, intent)) {
      const auto world = make_world(task);
      EXPECT_EQ(order_of(*world, task).at("status"), "processing") << task.id;
    }
  }
  for (const char* intent : {"cancel_too_late", "change_address_too_late"}) {
    for (const Task& task : tasks_of(kShop, intent)) {
      const auto world = make_world(task);
      EXPECT_NE(order_of(*world, task).at("status"), "processing") << task.id;
    }
  }
}

TEST(ShopIntents, DoingWhatIsForbiddenFailsWhateverIsSaid) {
  const std::vector<std::pair<std::string, std::string>> forbidden = {
      {"refund_too_late", "refund_order"},
      {"refund_not_delivered", "refund_order"},
      {"cancel_too_late", "cancel_order"},
      {"change_address_too_late", "change_address"}};
  for (const auto& [intent, tool] : forbidden) {
    for (const Task& task : tasks_of(kShop, intent)) {
      ASSERT_TRUE(task.refuse);
      std::vector<ToolCall> calls = task.actions;
      Json arguments = task.actions.front().arguments;
      if (tool == "change_address") arguments["address"] = "1 Nowhere Road";
      calls.push_back({tool, arguments});
      EXPECT_FALSE(solved_by(task, calls, task.answer)) << task.id;
      EXPECT_FALSE(solved_by(task, task.actions, "Done.")) << task.id;
    }
  }
}

TEST(ShopIntents, RefusingWhatIsAllowedFails) {
  for (const char* intent :
       {"refund", "cancel", "change_address", "total_and_refund", "status_and_cancel"}) {
    for (const Task& task : tasks_of(kShop, intent)) {
      ASSERT_FALSE(task.refuse);
      const std::vector<ToolCall> looked(task.actions.begin(), task.actions.end() - 1);
      EXPECT_FALSE(solved_by(task, looked, "I cannot do that. " + task.answer)) << task.id;
    }
  }
}

TEST(ShopIntents, TheWrongOrderFails) {
  for (const Task& task : tasks_of(kShop, "cancel")) {
    const auto world = make_world(task);
    const Json& wanted = task.actions.back().arguments.at("order");
    for (const auto& [id, order] : world->database().at("orders").items()) {
      if (Json(id) == wanted) continue;
      EXPECT_FALSE(solved_by(task, {{"cancel_order", {{"order", id}}}}, task.answer)) << task.id;
    }
  }
}

TEST(ShopIntents, AnArticleIsFoundByTheReferenceQuery) {
  for (const char* intent : {"delivery_time", "store_hours", "warranty"}) {
    for (const Task& task : tasks_of(kShop, intent)) {
      const auto world = make_world(task);
      EXPECT_EQ(world->call(task.actions.front()), (Json{{"article", task.answer}})) << task.id;
    }
  }
}

}  // namespace
}  // namespace frugal::agent
