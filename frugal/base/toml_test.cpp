#include "frugal/base/toml.h"

#include <gtest/gtest.h>

#include <functional>
#include <tuple>

#include "frugal/base/error.h"

namespace frugal {
namespace {

constexpr std::string_view kRecipe = R"(name = "agent"

[train]
steps = 200
rate = 1e-3
warm = true
layers = [1, 2, 3]

[optimizer]
lr = 3
betas = [0.9, 0.95]

[[source]]
file = "a.jsonl"
weight = 0.5

[[source]]
file = "b.jsonl"
)";

Toml recipe() {
  return Toml::from_text(kRecipe, "r.toml");
}

std::string message_of(const std::function<void()>& body,
                       ErrorKind kind = ErrorKind::kInvalidArgument) {
  try {
    body();
  } catch (const Error& fault) {
    EXPECT_EQ(fault.kind(), kind) << fault.what();
    return fault.what();
  }
  return "nothing was thrown";
}

void ask_all(Toml& toml) {
  std::ignore = toml.text("name");
  std::ignore = toml.integer("train.steps");
  std::ignore = toml.number("train.rate");
  std::ignore = toml.boolean("train.warm");
  std::ignore = toml.integers("train.layers");
  std::ignore = toml.number("optimizer.lr");
  std::ignore = toml.numbers("optimizer.betas");
  for (std::size_t i = 0; i < toml.count("source"); ++i) {
    std::ignore = toml.text("source[" + std::to_string(i) + "].file");
    std::ignore = toml.number_or("source[" + std::to_string(i) + "].weight", 1.0);
  }
}

TEST(Toml, ReadsEveryType) {
  Toml toml = recipe();
  EXPECT_EQ(toml.text("name"), "agent");
  EXPECT_EQ(toml.integer("train.steps"), 200);
  EXPECT_EQ(toml.number("train.rate"), 1e-3);
  EXPECT_EQ(toml.number("optimizer.lr"), 3.0);
  EXPECT_TRUE(toml.boolean("train.warm"));
  EXPECT_EQ(toml.integers("train.layers"), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(toml.numbers("optimizer.betas"), (std::vector<double>{0.9, 0.95}));
  EXPECT_EQ(toml.count("source"), 2U);
  EXPECT_EQ(toml.text("source[1].file"), "b.jsonl");
  EXPECT_EQ(toml.number_or("source[1].weight", 2.0), 2.0);
  EXPECT_EQ(toml.members("optimizer"), (std::vector<std::string>{"betas", "lr"}));
  EXPECT_EQ(toml.choice("name", {"agent", "tutor"}), "agent");
}

TEST(Toml, FallsBackWhereAKeyIsAbsent) {
  Toml toml = recipe();
  EXPECT_EQ(toml.integer_or("train.none", 7), 7);
  EXPECT_EQ(toml.number_or("nowhere.at.all", 0.5), 0.5);
  EXPECT_EQ(toml.text_or("none", "x"), "x");
  EXPECT_TRUE(toml.boolean_or("none", true));
  EXPECT_EQ(toml.choice_or("none", "a", {"a", "b"}), "a");
  EXPECT_TRUE(toml.texts("none").empty());
  EXPECT_TRUE(toml.members("none").empty());
  EXPECT_EQ(toml.count("none"), 0U);
  EXPECT_FALSE(toml.has("train.none"));
  EXPECT_TRUE(toml.has("train.steps"));
  EXPECT_FALSE(toml.has("source[2].file"));
}

TEST(Toml, NamesPlaceKeyFoundAndExpected) {
  Toml toml = recipe();
  const auto told = [&](auto getter) { return message_of([&] { std::ignore = getter(); }); };
  EXPECT_EQ(told([&] { return toml.text("train.steps"); }),
            "r.toml:4:1: key 'train.steps': found 200, expected a text");
  EXPECT_EQ(told([&] { return toml.integer("train.rate"); }),
            "r.toml:5:1: key 'train.rate': found 0.001, expected an integer");
  EXPECT_EQ(told([&] {
              return toml.integer("train.steps", {1, 100});
            }),
            "r.toml:4:1: key 'train.steps': found 200, expected 1 to 100");
  EXPECT_EQ(told([&] {
              return toml.number_or("optimizer.lr", 0.1, {0, 1});
            }),
            "r.toml:10:1: key 'optimizer.lr': found 3, expected 0 to 1");
  EXPECT_EQ(told([&] { return toml.number("train.none"); }),
            "r.toml: key 'train.none' is missing, expected a number");
  EXPECT_EQ(told([&] {
              return toml.choice("name", {"a", "b"});
            }),
            "r.toml:1:1: key 'name': found \"agent\", expected one of: a, b");
  EXPECT_EQ(told([&] {
              return toml.integers("train.layers", {0, 2});
            }),
            "r.toml:7:17: key 'train.layers': found 3, expected 0 to 2");
  EXPECT_EQ(told([&] { return toml.boolean("train"); }),
            "r.toml:3:2: key 'train': found a table, expected true or false");
  EXPECT_EQ(told([&] { return toml.integer("train.steps.more"); }),
            "r.toml:4:1: key 'train.steps.more': found 200, expected a table with 'more'");
  EXPECT_EQ(told([&] { return toml.count("train.steps"); }),
            "r.toml:4:1: key 'train.steps': found 200, expected an array");
}

TEST(Toml, RefusesNumbersThatAreNone) {
  Toml toml = Toml::from_text("a = nan\nb = inf\n", "r");
  EXPECT_THROW(std::ignore = toml.number("a"), Error);
  EXPECT_THROW(std::ignore = toml.number("b"), Error);
}

TEST(Toml, AcceptsAFileOfWhichEverythingWasAskedFor) {
  Toml toml = recipe();
  ask_all(toml);
  EXPECT_NO_THROW(toml.finish());
}

TEST(Toml, NamesAKeyThatNobodyAskedForAndWhatItMayHaveBeen) {
  Toml toml = Toml::from_text("[train]\nsteps = 1\n\n[optimzer]\n  lr = 2\n", "file.toml");
  std::ignore = toml.integer("train.steps");
  std::ignore = toml.number_or("optimizer.lr", 0.1);
  std::ignore = toml.number_or("optimizer.decay", 0.1);
  EXPECT_EQ(message_of([&] { toml.finish(); }),
            "file.toml:5:3: unknown key 'optimzer.lr', expected one of: optimizer, train; did you "
            "mean 'optimizer.lr'?");
}

TEST(Toml, ListsTheKeysBesideAnUnknownOne) {
  Toml toml = Toml::from_text("[train]\nsteps = 1\nxyzzy = 2\n", "file.toml");
  std::ignore = toml.integer("train.steps");
  std::ignore = toml.integer_or("train.batch", 1);
  EXPECT_EQ(message_of([&] { toml.finish(); }),
            "file.toml:3:1: unknown key 'train.xyzzy', expected one of: train.batch, train.steps");
}

TEST(Toml, FindsLeftoversInArraysOfTablesAndEmptyTables) {
  Toml toml = recipe();
  ask_all(toml);
  toml.set("source[1].wieght", "3");
  EXPECT_NE(message_of([&] { toml.finish(); }).find("unknown key 'source[1].wieght'"),
            std::string::npos);
  Toml empty = Toml::from_text("[train]\n[tarin]\n", "f");
  std::ignore = empty.integer_or("train.steps", 1);
  EXPECT_EQ(message_of([&] { empty.finish(); }).substr(0, 26), "f:2:2: unknown key 'tarin'");
}

TEST(Toml, OverridesAreTypedAsInTheFile) {
  Toml toml = recipe();
  toml.set("train.steps", "300");
  toml.set("train.rate", "0.5");
  toml.set("train.warm", "false");
  toml.set("train.layers", "[4]");
  toml.set("name", "tutor of maths");
  toml.set("extra.deep.key", "\"quoted\"");
  toml.set("source[0].file", "/data/c.jsonl");
  toml.set("date", "2026-11-21");
  EXPECT_EQ(toml.integer("train.steps"), 300);
  EXPECT_EQ(toml.number("train.rate"), 0.5);
  EXPECT_FALSE(toml.boolean("train.warm"));
  EXPECT_EQ(toml.integers("train.layers"), (std::vector<std::int64_t>{4}));
  EXPECT_EQ(toml.text("name"), "tutor of maths");
  EXPECT_EQ(toml.text("extra.deep.key"), "quoted");
  EXPECT_EQ(toml.text("source[0].file"), "/data/c.jsonl");
  EXPECT_EQ(toml.text("date"), "2026-11-21");
  EXPECT_EQ(message_of([&] { std::ignore = toml.text("train.steps"); }),
            "--set train.steps: key 'train.steps': found 300, expected a text");
}

TEST(Toml, AnOverrideCannotSmuggleInAnotherKey) {
  Toml toml = recipe();
  toml.set("name", "1\nsteps = 2");
  EXPECT_EQ(toml.text("name"), "1\nsteps = 2");
}

TEST(Toml, RefusesOverridesThatLeadNowhere) {
  Toml toml = recipe();
  EXPECT_THROW(toml.set("train.steps.more", "1"), Error);
  EXPECT_THROW(toml.set("source[2].file", "1"), Error);
  EXPECT_THROW(toml.set("train[0]", "1"), Error);
  EXPECT_THROW(toml.set("", "1"), Error);
  EXPECT_THROW(toml.set("a..b", "1"), Error);
  EXPECT_THROW(toml.set("a.", "1"), Error);
  EXPECT_THROW(toml.set("source[x].file", "1"), Error);
  EXPECT_THROW(toml.set("source[0", "1"), Error);
}

TEST(Toml, SaysWhereTheTextIsNoToml) {
  const std::string told = message_of(
      [] { std::ignore = Toml::from_text("a = 1\nb = = 2\n", "r.toml"); }, ErrorKind::kCorrupt);
  EXPECT_EQ(told.substr(0, 11), "r.toml:2:5:") << told;
  EXPECT_THROW(std::ignore = Toml::from_text("a = 1\na = 2\n", "r"), Error);
  EXPECT_THROW(std::ignore = Toml::from_text("\xFF\xFE\x01", "r"), Error);
  std::ignore = message_of([] { std::ignore = Toml::parse("/none.toml"); }, ErrorKind::kNotFound);
}

TEST(Toml, DeepNestingIsRefusedAndNotAStackOverflow) {
  std::string dots = "a";
  for (int i = 0; i < 200'000; ++i) dots += ".a";
  EXPECT_THROW(std::ignore = Toml::from_text(dots + " = 1", "r"), Error);
  EXPECT_THROW(std::ignore = Toml::from_text("[" + dots + "]", "r"), Error);
  EXPECT_THROW(std::ignore = Toml::from_text("a = {" + dots + " = 1}", "r"), Error);
  EXPECT_THROW(std::ignore = Toml::from_text("a = " + std::string(200'000, '['), "r"), Error);
}

}  // namespace
}  // namespace frugal
