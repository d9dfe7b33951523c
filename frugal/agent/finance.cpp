#include <cmath>
#include <functional>

#include "frugal/agent/arithmetic.h"
#include "frugal/agent/phrases.h"
#include "frugal/agent/scenario.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"

// A bank, all accounts in EUR.  Database:
//   accounts: id -> {balance, payments: [{payee, amount}, the newest first]}
//   rates:    currency -> how many of it one EUR is

namespace frugal::agent {

namespace {

constexpr std::string_view kPolicy =
    "You help the customers of a bank. Accounts are in EUR. Transfer at most 1000 EUR at a time, "
    "never more than the balance: look it up first. If something is not allowed or not about the "
    "bank, do not do it and say what you cannot do.";
constexpr std::int64_t kTransferLimit = 1000;
constexpr std::size_t kListedPayments = 3;
constexpr std::string_view kCurrency = "EUR";
constexpr std::array<std::string_view, 7> kOthers = {"USD", "GBP", "CHF", "SEK",
                                                     "NOK", "PLN", "CAD"};

// --- World --------------------------------------------------------------------------------------

Json make_account(Values& values, Random& random, std::int64_t least, std::int64_t most) {
  Json payments = Json::array();
  for (std::int64_t i = random.between(3, 5); i > 0; --i) {
    payments.push_back({{"payee", random.chance(0.7) ? values.firm() : values.person()},
                        {"amount", values.price(5, 900)}});
  }
  return {{"balance", values.whole(least, most)}, {"payments", payments}};
}

// One account for each size of wish: a large one, a small one, and some of any size.
Json make_bank(Values& values, Random& random) {
  std::vector<Json> accounts;
  accounts.push_back(make_account(values, random, 1500, 9900));
  accounts.push_back(make_account(values, random, 101, 499));
  for (std::uint64_t more = 1 + random.below(2); more > 0; --more) {
    accounts.push_back(make_account(values, random, 101, 9900));
  }
  random.shuffle(accounts);
  Json table = Json::object();
  for (Json& account : accounts) table[values.id('A', 5)] = std::move(account);
  Json rates = {{kCurrency, 1}};
  for (const std::string_view currency : kOthers) {
    rates[std::string(currency)] = static_cast<double>(random.between(51, 1299)) / 100.0;
  }
  return {{"accounts", table}, {"rates", rates}};
}

// --- Tools --------------------------------------------------------------------------------------

/// An amount to two decimals.
/// Errors: kInvalidArgument for one beyond all numbers, which JSON could only call null.
Json amount_of(double value) {
  if (!std::isfinite(value)) throw Error(ErrorKind::kInvalidArgument, "the result is not finite");
  return tidy(value);
}

Json get_balance(Json& database, const Json& arguments) {
  const Json& account = record_of(database["accounts"], "account", arguments.at("account"));
  return {{"account", arguments.at("account")}, {"balance", account.at("balance")}};
}

Json list_transactions(Json& database, const Json& arguments) {
  const Json& account = record_of(database["accounts"], "account", arguments.at("account"));
  Json found = Json::array();
  for (const Json& payment : account.at("payments")) {
    if (arguments.contains("payee") && payment.at("payee") != arguments.at("payee")) continue;
    if (found.size() < kListedPayments) found.push_back(payment);
  }
  return {{"account", arguments.at("account")}, {"newest_first", found}};
}

Json convert_currency(Json& database, const Json& arguments) {
  const double from = record_of(database["rates"], "currency", arguments.at("from")).get<double>();
  const double to = record_of(database["rates"], "currency", arguments.at("to")).get<double>();
  const auto amount = arguments.at("amount").get<double>();
  return {{"amount", amount_of(amount / from * to)}, {"currency", arguments.at("to")}};
}

Json compute_interest(Json& /*database*/, const Json& arguments) {
  const auto amount = arguments.at("amount").get<double>();
  const auto percent = arguments.at("percent").get<double>();
  const auto years = arguments.at("years").get<double>();
  return {{"interest", amount_of(amount * percent * years / 100.0)}};
}

Json transfer(Json& database, const Json& arguments) {
  Json& account = record_of(database["accounts"], "account", arguments.at("account"));
  const auto amount = arguments.at("amount").get<double>();
  if (!(amount > 0.0)) {
    throw Error(ErrorKind::kInvalidArgument, "the amount is not above 0");
  }
  account["balance"] = amount_of(account.at("balance").get<double>() - amount);
  Json& payments = account["payments"];
  const Json payment = {{"payee", arguments.at("payee")}, {"amount", tidy(amount)}};
  payments.insert(payments.begin(), payment);
  return {{"payee", arguments.at("payee")},
          {"amount", tidy(amount)},
          {"balance", account.at("balance")}};
}

// --- Plans --------------------------------------------------------------------------------------

struct Account {
  std::string id;
  std::int64_t balance = 0;
};

Account pick_account(const PlanInput& input,
                     const std::function<bool(std::int64_t balance)>& test) {
  std::vector<Account> fitting;
  for (const auto& [id, account] : input.database.at("accounts").items()) {
    const auto balance = account.at("balance").get<std::int64_t>();
    if (test(balance)) fitting.push_back({id, balance});
  }
  return input.random.pick(fitting);
}

Account any_account(const PlanInput& input) {
  return pick_account(input, [](std::int64_t /*balance*/) { return true; });
}

ToolCall balance_call(const Account& account) {
  return {"get_balance", {{"account", account.id}}};
}

ToolCall convert_call(const Json& amount, std::string_view to) {
  return {"convert_currency", {{"amount", amount}, {"from", kCurrency}, {"to", to}}};
}

/// What the tool will answer: an amount of EUR in another currency.
std::string converted(const PlanInput& input, double amount, std::string_view to) {
  return to_line(tidy(amount * input.database.at("rates").at(std::string(to)).get<double>()));
}

Plan plan_balance(const PlanInput& input) {
  const Account account = any_account(input);
  return {{{"account", account.id}},
          {balance_call(account)},
          str("The balance of account {} is {} EUR.", account.id, account.balance),
          {str("{}", account.balance)}};
}

Plan plan_last_payment(const PlanInput& input) {
  const Account account = any_account(input);
  const Json& last = input.database.at("accounts").at(account.id).at("payments").at(0);
  const auto payee = last.at("payee").get<std::string>();
  const std::string amount = to_line(last.at("amount"));
  return {{{"account", account.id}},
          {{"list_transactions", {{"account", account.id}}}},
          str("The last payment from account {} was {} EUR to {}.", account.id, amount, payee),
          {amount, payee}};
}

struct Payment {
  std::string payee;
  Json amount;
};

Payment any_payment(const PlanInput& input, const Account& account) {
  const Json& payment =
      input.random.pick(input.database.at("accounts").at(account.id).at("payments"));
  return {payment.at("payee").get<std::string>(), payment.at("amount")};
}

ToolCall payment_call(const Account& account, const Payment& payment) {
  return {"list_transactions", {{"account", account.id}, {"payee", payment.payee}}};
}

Plan plan_payment(const PlanInput& input) {
  const Account account = any_account(input);
  const Payment payment = any_payment(input, account);
  const std::string amount = to_line(payment.amount);
  return {{{"account", account.id}, {"payee", payment.payee}},
          {payment_call(account, payment)},
          str("The payment from account {} to {} was {} EUR.", account.id, payment.payee, amount),
          {amount}};
}

Plan plan_convert(const PlanInput& input) {
  const std::int64_t amount = input.values.whole(20, 9900);
  const std::string_view to = input.random.pick(kOthers);
  const std::string result = converted(input, static_cast<double>(amount), to);
  return {{{"amount", str("{}", amount)}, {"to", std::string(to)}},
          {convert_call(amount, to)},
          str("{} EUR are {} {}.", amount, result, to),
          {str("{} {}", result, to)}};
}

ToolCall interest_call(std::int64_t amount, std::int64_t percent, std::int64_t years) {
  return {"compute_interest", {{"amount", amount}, {"percent", percent}, {"years", years}}};
}

std::string interest_of(std::int64_t amount, std::int64_t percent, std::int64_t years) {
  return to_line(tidy(static_cast<double>(amount * percent * years) / 100.0));
}

Plan plan_interest(const PlanInput& input) {
  const std::int64_t amount = input.values.whole(100, 9900);
  const std::int64_t percent = input.random.between(2, 9);
  const std::int64_t years = input.random.between(2, 20);
  const std::string interest = interest_of(amount, percent, years);
  return {
      {{"amount", str("{}", amount)}, {"percent", str("{}", percent)}, {"years", str("{}", years)}},
      {interest_call(amount, percent, years)},
      str("The interest is {} EUR.", interest),
      {interest}};
}

/// Whether a is below b at first sight: by its number of digits, or by the first of them.
bool clearly_below(std::int64_t a, std::int64_t b) {
  const std::string left = str("{}", a);
  const std::string right = str("{}", b);
  return left.size() != right.size() ? left.size() < right.size() : left[0] < right[0];
}

std::string any_payee(const PlanInput& input) {
  return input.random.chance(0.5) ? input.values.firm() : input.values.person();
}

ToolCall transfer_call(const Account& account, const std::string& payee, std::int64_t amount) {
  return {"transfer", {{"account", account.id}, {"payee", payee}, {"amount", amount}}};
}

Slots transfer_slots(const Account& account, const std::string& payee, std::int64_t amount) {
  return {{"account", account.id}, {"payee", payee}, {"amount", str("{}", amount)}};
}

Plan plan_transfer(const PlanInput& input) {
  const Account account = any_account(input);
  std::int64_t amount = 0;
  do {
    amount = input.values.whole(20, 990);
  } while (!clearly_below(amount, account.balance));
  const std::string payee = any_payee(input);
  const std::int64_t left = account.balance - amount;
  return {transfer_slots(account, payee, amount),
          {balance_call(account), transfer_call(account, payee, amount)},
          str("Done. {} EUR went to {}. The balance is now {} EUR.", amount, payee, left),
          {str("{}", amount), str("{}", left)}};
}

Plan plan_transfer_above_limit(const PlanInput& input) {
  const std::int64_t amount = input.values.whole(kTransferLimit + 100, 9900);
  return {transfer_slots(any_account(input), any_payee(input), amount),
          {},
          str("I cannot transfer {} EUR. The limit is 1000 EUR.", amount),
          {"cannot", "1000"}};
}

Plan plan_insufficient(const PlanInput& input) {
  const Account account =
      pick_account(input, [](std::int64_t balance) { return balance < kTransferLimit / 2; });
  std::int64_t amount = 0;
  do {
    amount = input.values.whole(110, 999);
  } while (!clearly_below(account.balance, amount));
  return {transfer_slots(account, any_payee(input), amount),
          {balance_call(account)},
          str("I cannot transfer {} EUR. The balance of account {} is only {} EUR.", amount,
              account.id, account.balance),
          {"cannot", str("{}", account.balance)}};
}

Plan plan_balance_and_convert(const PlanInput& input) {
  const Account account = any_account(input);
  const std::string_view to = input.random.pick(kOthers);
  const std::string result = converted(input, static_cast<double>(account.balance), to);
  return {{{"account", account.id}, {"to", std::string(to)}},
          {balance_call(account), convert_call(account.balance, to)},
          str("The balance of account {} is {} EUR, that is {} {}.", account.id, account.balance,
              result, to),
          {str("{} {}", result, to)}};
}

Plan plan_balance_and_interest(const PlanInput& input) {
  const Account account = any_account(input);
  const std::int64_t percent = input.random.between(2, 9);
  const std::int64_t years = input.random.between(2, 20);
  const std::string interest = interest_of(account.balance, percent, years);
  return {{{"account", account.id}, {"percent", str("{}", percent)}, {"years", str("{}", years)}},
          {balance_call(account), interest_call(account.balance, percent, years)},
          str("The balance of account {} is {} EUR. The interest is {} EUR.", account.id,
              account.balance, interest),
          {interest}};
}

Plan plan_payment_and_convert(const PlanInput& input) {
  const Account account = any_account(input);
  const Payment payment = any_payment(input, account);
  const std::string_view to = input.random.pick(kOthers);
  const std::string result = converted(input, payment.amount.get<double>(), to);
  return {{{"account", account.id}, {"payee", payment.payee}, {"to", std::string(to)}},
          {payment_call(account, payment), convert_call(payment.amount, to)},
          str("The payment to {} was {} EUR, that is {} {}.", payment.payee,
              to_line(payment.amount), result, to),
          {str("{} {}", result, to)}};
}

Plan plan_transfer_and_convert(const PlanInput& input) {
  Plan plan = plan_transfer(input);
  const std::string left = plan.facts.back();
  const std::string_view to = input.random.pick(kOthers);
  const std::string result = converted(input, *parse_double(left), to);
  plan.slots.emplace_back("to", to);
  plan.calls.push_back(convert_call(*parse_int(left), to));
  plan.answer = str("Done. The balance is now {} EUR, that is {} {}.", left, result, to);
  plan.facts = {left, str("{} {}", result, to)};
  return plan;
}

Plan plan_out_of_scope(const PlanInput& input) {
  return {{{"town", input.values.town()}, {"firm", input.values.firm()}},
          {},
          "Sorry, I cannot help with that. I only help with accounts and payments.",
          {"cannot"}};
}

// --- Scenario -----------------------------------------------------------------------------------

std::vector<Tool> bank_tools() {
  return {{"get_balance", "Look up a balance.", object_schema({{"account", "string"}})},
          {"list_transactions", "List payments.",
           object_schema({{"account", "string"}, {"payee", "string", false}})},
          {"convert_currency", "Convert an amount.",
           object_schema({{"amount", "number"}, {"from", "string"}, {"to", "string"}})},
          {"compute_interest", "Compute interest.",
           object_schema({{"amount", "number"}, {"percent", "number"}, {"years", "number"}})},
          {"transfer", "Send money.",
           object_schema({{"account", "string"}, {"payee", "string"}, {"amount", "number"}})}};
}

std::vector<Intent> bank_intents() {
  return {{"balance", 1, false, "balance", plan_balance},
          {"last_payment", 1, false, "last_payment", plan_last_payment},
          {"payment", 1, false, "payment", plan_payment},
          {"convert", 1, false, "convert", plan_convert},
          {"interest", 1, false, "interest", plan_interest},
          {"transfer", 2, false, "transfer", plan_transfer},
          {"transfer_above_limit", 1, true, "transfer", plan_transfer_above_limit},
          {"transfer_insufficient", 2, true, "transfer", plan_insufficient},
          {"balance_and_convert", 2, false, "balance_and_convert", plan_balance_and_convert},
          {"balance_and_interest", 2, false, "balance_and_interest", plan_balance_and_interest},
          {"payment_and_convert", 2, false, "payment_and_convert", plan_payment_and_convert},
          {"transfer_and_convert", 3, false, "transfer_and_convert", plan_transfer_and_convert},
          {"out_of_scope", 1, true, "out_of_scope", plan_out_of_scope}};
}

}  // namespace

const Scenario& finance() {
  static const Scenario scenario = {
      "finance",
      kPolicy,
      bank_tools(),
      {get_balance, list_transactions, convert_currency, compute_interest, transfer},
      bank_intents(),
      &finance_phrases(),
      make_bank};
  return scenario;
}

}  // namespace frugal::agent
