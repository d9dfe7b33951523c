#include <functional>

#include "frugal/agent/phrases.h"
#include "frugal/agent/scenario.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

// A shop.  Database:
//   orders: id -> {item, total, status, days_since_delivery (when delivered), address}
//   help:   articles, one sentence each
// Statuses: processing, shipped, delivered, and what the tools make of them: refunded, cancelled.

namespace frugal::agent {

namespace {

constexpr std::string_view kPolicy =
    "You help the customers of a shop. Look up an order before you change it. Refund only "
    "delivered "
    "orders, at most 30 days after delivery. Cancel an order or change its address only while it "
    "is "
    "processing. Answer questions about the shop with search_help. If something is not allowed or "
    "not about the shop, do not do it and say what you cannot do.";
constexpr std::int64_t kRefundDays = 30;

// --- World --------------------------------------------------------------------------------------

Json make_order(Values& values, std::string_view status, std::int64_t days) {
  Json order = {{"item", values.item()}, {"total", values.price(5, 900)}, {"status", status}};
  if (status == "delivered") order["days_since_delivery"] = days;
  order["address"] = values.address();
  return order;
}

// One order of each kind that the policy tells apart, then some more of any kind.
Json make_orders(Values& values, Random& random) {
  std::vector<Json> orders;
  const auto add = [&](std::size_t kind) {
    const std::int64_t recent = random.between(1, kRefundDays);
    const std::int64_t late = random.between(kRefundDays + 1, 3 * kRefundDays);
    constexpr std::array<std::string_view, 4> kStatus = {"processing", "shipped", "delivered",
                                                         "delivered"};
    orders.push_back(make_order(values, kStatus.at(kind), kind == 2 ? recent : late));
  };
  for (std::size_t kind = 0; kind < 4; ++kind) add(kind);
  for (std::uint64_t more = random.below(4); more > 0; --more) {
    add(static_cast<std::size_t>(random.below(4)));
  }
  random.shuffle(orders);
  Json table = Json::object();
  for (Json& order : orders) table[values.id('W', 5)] = std::move(order);
  return table;
}

Json make_shop(Values& values, Random& random) {
  Json help = Json::array();
  for (int i = 0; i < 2; ++i) {
    help.push_back(str("Delivery to {} takes {} days.", values.town(), random.between(2, 28)));
    help.push_back(str("The store in {} opens at {}:{}0.", values.town(), random.between(6, 11),
                       random.below(6)));
    help.push_back(
        str("The warranty of the {} lasts {} months.", values.item(), random.between(3, 60)));
  }
  return {{"orders", make_orders(values, random)}, {"help", help}};
}

// --- Tools --------------------------------------------------------------------------------------

Json get_order(Json& database, const Json& arguments) {
  Json result = {{"order", arguments.at("order")}};
  result.update(record_of(database["orders"], "order", arguments.at("order")));
  return result;
}

Json set_status(Json& database, const Json& arguments, std::string_view status) {
  Json& order = record_of(database["orders"], "order", arguments.at("order"));
  order["status"] = status;
  return {{"order", arguments.at("order")}, {"total", order.at("total")}, {"status", status}};
}

Json refund_order(Json& database, const Json& arguments) {
  return set_status(database, arguments, "refunded");
}

Json cancel_order(Json& database, const Json& arguments) {
  return set_status(database, arguments, "cancelled");
}

Json change_address(Json& database, const Json& arguments) {
  Json& order = record_of(database["orders"], "order", arguments.at("order"));
  order["address"] = arguments.at("address");
  return {{"order", arguments.at("order")}, {"address", arguments.at("address")}};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// The article that holds most of the words asked for.
Json search_help(Json& database, const Json& arguments) {
  const std::string query = lower(arguments.at("query").get_ref<const std::string&>());
  std::size_t most = 0;
  Json best;
  for (const Json& article : database.at("help")) {
    const std::string text = lower(article.get_ref<const std::string&>());
    std::size_t found = 0;
    for (const std::string_view word : split(query, ' ')) {
      if (!word.empty() && text.find(word) != std::string::npos) ++found;
    }
    if (found <= most) continue;
    most = found;
    best = article;
  }
  if (best.is_null()) throw Error(ErrorKind::kNotFound, "no article about that");
  return {{"article", best}};
}

// --- Plans --------------------------------------------------------------------------------------

ToolCall look_up(const std::string& order) {
  return {"get_order", {{"order", order}}};
}

/// An order of the world that a test holds for.
std::string pick_order(const PlanInput& input, const std::function<bool(const Json& order)>& test) {
  std::vector<std::string> fitting;
  for (const auto& [id, order] : input.database.at("orders").items()) {
    if (test(order)) fitting.push_back(id);
  }
  return input.random.pick(fitting);
}

std::string any_order(const PlanInput& input) {
  return pick_order(input, [](const Json& /*order*/) { return true; });
}

std::string order_of_status(const PlanInput& input, std::string_view status, bool is = true) {
  return pick_order(input, [&](const Json& order) { return (order.at("status") == status) == is; });
}

std::string delivered_order(const PlanInput& input, bool late) {
  return pick_order(input, [late](const Json& order) {
    const auto days = order.find("days_since_delivery");
    return days != order.end() && (days->get<std::int64_t>() > kRefundDays) == late;
  });
}

std::string text_of(const PlanInput& input, const std::string& order, std::string_view key) {
  const Json& value = input.database.at("orders").at(order).at(std::string(key));
  return value.is_string() ? value.get<std::string>() : to_line(value);
}

Plan plan_status(const PlanInput& input) {
  const std::string order = any_order(input);
  const std::string status = text_of(input, order, "status");
  return {{{"order", order}}, {look_up(order)}, str("Order {} is {}.", order, status), {status}};
}

Plan plan_item(const PlanInput& input) {
  const std::string order = any_order(input);
  const std::string item = text_of(input, order, "item");
  return {{{"order", order}}, {look_up(order)}, str("Order {} is for: {}.", order, item), {item}};
}

Plan plan_total(const PlanInput& input) {
  const std::string order = any_order(input);
  const std::string total = text_of(input, order, "total");
  return {{{"order", order}},
          {look_up(order)},
          str("The total of order {} is {} EUR.", order, total),
          {total}};
}

Plan plan_refund(const PlanInput& input) {
  const std::string order = delivered_order(input, false);
  const std::string total = text_of(input, order, "total");
  return {{{"order", order}},
          {look_up(order), {"refund_order", {{"order", order}}}},
          str("Done. Order {} is refunded, {} EUR.", order, total),
          {total}};
}

Plan plan_late_refund(const PlanInput& input) {
  const std::string order = delivered_order(input, true);
  const std::string days = text_of(input, order, "days_since_delivery");
  return {{{"order", order}},
          {look_up(order)},
          str("I cannot refund order {}. It was delivered {} days ago, the limit is 30 days.",
              order, days),
          {"cannot", days + " days"}};
}

Plan plan_early_refund(const PlanInput& input) {
  const std::string order = order_of_status(input, "delivered", false);
  const std::string status = text_of(input, order, "status");
  return {{{"order", order}},
          {look_up(order)},
          str("I cannot refund order {}. It is {}, not delivered.", order, status),
          {"cannot", status}};
}

Plan plan_cancel(const PlanInput& input) {
  const std::string order = order_of_status(input, "processing");
  return {{{"order", order}},
          {look_up(order), {"cancel_order", {{"order", order}}}},
          str("Done. Order {} is cancelled.", order),
          {order}};
}

Plan plan_late_cancel(const PlanInput& input) {
  const std::string order = order_of_status(input, "processing", false);
  const std::string status = text_of(input, order, "status");
  return {{{"order", order}},
          {look_up(order)},
          str("I cannot cancel order {}. It is {}, not processing.", order, status),
          {"cannot", status}};
}

Plan plan_address(const PlanInput& input) {
  const std::string order = order_of_status(input, "processing");
  const std::string address = input.values.address();
  return {{{"order", order}, {"address", address}},
          {look_up(order), {"change_address", {{"order", order}, {"address", address}}}},
          str("Done. Order {} goes to {}.", order, address),
          {address}};
}

Plan plan_late_address(const PlanInput& input) {
  const std::string order = order_of_status(input, "processing", false);
  const std::string status = text_of(input, order, "status");
  return {{{"order", order}, {"address", input.values.address()}},
          {look_up(order)},
          str("I cannot change the address of order {}. It is {}, not processing.", order, status),
          {"cannot", status}};
}

/// A question that an article answers: the words between `before` and `after` are asked for, the
/// number and unit behind them are the fact.
Plan plan_help(const PlanInput& input, std::string_view before, std::string_view after,
               std::string_view slot) {
  std::vector<std::string> articles;
  for (const Json& article : input.database.at("help")) {
    auto text = article.get<std::string>();
    if (text.rfind(before, 0) == 0) articles.push_back(std::move(text));
  }
  const std::string& article = input.random.pick(articles);
  const std::size_t end = article.find(after);
  const std::string about = article.substr(before.size(), end - before.size());
  std::string fact = article.substr(end + after.size());
  fact.pop_back();
  const std::string query = lower(before.substr(before.find("The ") == 0 ? 4 : 0)) + about;
  return {{{slot, about}}, {{"search_help", {{"query", query}}}}, article, {fact}};
}

Plan plan_delivery(const PlanInput& input) {
  return plan_help(input, "Delivery to ", " takes ", "town");
}

Plan plan_store(const PlanInput& input) {
  return plan_help(input, "The store in ", " opens at ", "town");
}

Plan plan_warranty(const PlanInput& input) {
  return plan_help(input, "The warranty of the ", " lasts ", "item");
}

Plan plan_total_and_refund(const PlanInput& input) {
  Plan plan = plan_refund(input);
  const std::string& order = plan.slots.front().second;
  plan.answer = str("The total of order {} is {} EUR. It is refunded.", order, plan.facts.front());
  return plan;
}

Plan plan_status_and_cancel(const PlanInput& input) {
  const std::string first = order_of_status(input, "processing", false);
  const std::string second = order_of_status(input, "processing");
  const std::string status = text_of(input, first, "status");
  return {{{"first", first}, {"second", second}},
          {look_up(first), look_up(second), {"cancel_order", {{"order", second}}}},
          str("Order {} is {}. Order {} is cancelled.", first, status, second),
          {status, "cancelled"}};
}

Plan plan_out_of_scope(const PlanInput& input) {
  return {{{"town", input.values.town()}, {"firm", input.values.firm()}},
          {},
          "Sorry, I cannot help with that. I only help with orders and the shop.",
          {"cannot"}};
}

// --- Scenario -----------------------------------------------------------------------------------

std::vector<Tool> shop_tools() {
  const Json order_only = object_schema({{"order", "string"}});
  return {{"get_order", "Look up an order.", order_only},
          {"refund_order", "Pay an order back.", order_only},
          {"cancel_order", "Cancel an order.", order_only},
          {"change_address", "Send an order elsewhere.",
           object_schema({{"order", "string"}, {"address", "string"}})},
          {"search_help", "Find a help article.", object_schema({{"query", "string"}})}};
}

std::vector<Intent> shop_intents() {
  return {{"order_status", 1, false, "status", plan_status},
          {"order_item", 1, false, "item", plan_item},
          {"order_total", 1, false, "total", plan_total},
          {"refund", 2, false, "refund", plan_refund},
          {"refund_too_late", 2, true, "refund", plan_late_refund},
          {"refund_not_delivered", 2, true, "refund", plan_early_refund},
          {"cancel", 2, false, "cancel", plan_cancel},
          {"cancel_too_late", 2, true, "cancel", plan_late_cancel},
          {"change_address", 2, false, "address", plan_address},
          {"change_address_too_late", 2, true, "address", plan_late_address},
          {"delivery_time", 1, false, "delivery", plan_delivery},
          {"store_hours", 1, false, "store", plan_store},
          {"warranty", 1, false, "warranty", plan_warranty},
          {"total_and_refund", 3, false, "total_and_refund", plan_total_and_refund},
          {"status_and_cancel", 3, false, "status_and_cancel", plan_status_and_cancel},
          {"out_of_scope", 1, true, "out_of_scope", plan_out_of_scope}};
}

}  // namespace

const Scenario& customer_service() {
  static const Scenario scenario = {
      "customer_service", kPolicy,
      shop_tools(),       {get_order, refund_order, cancel_order, change_address, search_help},
      shop_intents(),     &customer_service_phrases(),
      make_shop};
  return scenario;
}

}  // namespace frugal::agent
