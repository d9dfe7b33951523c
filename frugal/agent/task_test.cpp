#include "frugal/agent/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <unordered_set>

#include "frugal/agent/scenario.h"
#include "frugal/base/error.h"

namespace frugal::agent {
namespace {

TEST(MakeTasks, AShortListIsTheBeginningOfALongOne) {
  const auto few = make_tasks(Split::kTest, 7, 40);
  const auto many = make_tasks(Split::kTest, 7, 100);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  EXPECT_NE(make_tasks(Split::kTest, 8, 1).front().user, few.front().user);
}

TEST(MakeTasks, ScenariosAndIntentsComeEquallyOften) {
  std::map<std::string, int> scenarios;
  std::map<std::string, int> intents;
  std::set<std::string> ids;
  for (const Task& task : make_tasks(Split::kTrain, 1, 3 * 16 * 13)) {
    ++scenarios[task.scenario];
    ++intents[task.scenario + "/" + task.intent];
    ids.insert(task.id);
  }
  EXPECT_EQ(ids.size(), 3U * 16 * 13);
  for (const auto& [name, count] : scenarios) EXPECT_EQ(count, 16 * 13) << name;
  for (const auto& [name, count] : intents) {
    EXPECT_EQ(count, name.starts_with("finance") ? 16 : 13) << name;
  }
}

TEST(MakeTasks, TakesTheScenariosNamed) {
  const std::vector<std::string> named = {"finance"};
  for (const Task& task : make_tasks(Split::kTest, 1, 20, named)) {
    EXPECT_EQ(task.scenario, "finance");
  }
  const std::vector<std::string> unknown = {"cooking"};
  EXPECT_THROW((void)make_tasks(Split::kTest, 1, 1, unknown), Error);
}

TEST(MakeTasks, ThereIsAFactToEveryTask) {
  for (const Task& task : make_tasks(Split::kTest, 1, 300)) {
    EXPECT_FALSE(task.facts.empty()) << task.id;
    EXPECT_GE(task.difficulty, 1);
    EXPECT_LE(task.difficulty, 3);
  }
}

TEST(ReferenceConversation, HoldsACallAndItsResultInTurn) {
  for (const Task& task : make_tasks(Split::kTest, 2, 60)) {
    const auto messages = reference_conversation(task);
    ASSERT_EQ(messages.size(), 3 + (2 * task.actions.size()));
    EXPECT_EQ(messages[0].role, "system");
    EXPECT_EQ(messages[1], (text::ChatMessage{"user", task.user}));
    for (std::size_t i = 0; i < task.actions.size(); ++i) {
      EXPECT_EQ(messages[2 + (2 * i)].content, call_text(task.actions[i]));
      EXPECT_EQ(messages[3 + (2 * i)].role, "tool");
    }
    EXPECT_EQ(messages.back(), (text::ChatMessage{"assistant", task.answer}));
  }
}

// --- What is examined was never taught -----------------------------------------------------------

// Words as they stand between spaces, without the signs around them.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const bool inside = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.';
    if (inside) words.back() += c;
    if (!inside && !words.back().empty()) words.emplace_back();
  }
  for (std::string& word : words) {
    while (!word.empty() && word.back() == '.') word.pop_back();
  }
  return words;
}

bool has_letter(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; });
}

/// The names and ids in a database: keys of tables, and what items, topics, people, streets, towns
/// and firms there are.
void add_names(const Json& json, std::set<std::string>& names) {
  static const std::set<std::string> kNames = {"item", "title", "payee", "address"};
  for (const auto& [key, value] : json.items()) {
    if (key.size() > 3 && has_letter(key) &&
        std::isupper(static_cast<unsigned char>(key[0])) != 0) {
      names.insert(key);
    }
    if (kNames.contains(key)) names.insert(value.get<std::string>());
    if (value.is_structured()) add_names(value, names);
  }
}

TEST(Splits, NoNameOfATestWorldIsEverTaught) {
  std::set<std::string> examined;
  for (const Task& task : make_tasks(Split::kTest, 1, 600)) {
    add_names(make_world(task)->database(), examined);
  }
  EXPECT_GT(examined.size(), 5000U);
  std::unordered_set<std::string> wanted(examined.begin(), examined.end());
  std::unordered_set<std::string> test_users;
  for (const Task& task : make_tasks(Split::kTest, 1, 3000)) test_users.insert(task.user);
  for (const Task& task : make_tasks(Split::kTrain, 1, 20000)) {
    EXPECT_FALSE(test_users.contains(task.user)) << task.user;
    for (const text::ChatMessage& message : reference_conversation(task)) {
      if (message.role == "system") continue;
      const auto words = words_of(message.content);
      for (std::size_t first = 0; first < words.size(); ++first) {
        std::string run;
        for (std::size_t i = first; i < std::min(first + 3, words.size()); ++i) {
          run += (run.empty() ? "" : " ") + words[i];
          EXPECT_FALSE(wanted.contains(run)) << run << " in " << task.id;
        }
      }
    }
  }
}

TEST(Splits, TheAmountsOfAWorldBelongToItsSplit) {
  for (const Split split : kAllSplits) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const World shop(customer_service(), split, seed);
      for (const Json& order : shop.database().at("orders")) {
        EXPECT_EQ(split_of(to_line(order.at("total"))), split);
      }
      const World bank(finance(), split, seed);
      for (const Json& account : bank.database().at("accounts")) {
        EXPECT_EQ(split_of(to_line(account.at("balance"))), split);
      }
    }
  }
}

}  // namespace
}  // namespace frugal::agent
