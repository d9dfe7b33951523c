#include "frugal/model/huggingface_settings.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"

namespace frugal::model {
namespace {

Settings settings(std::string_view text) {
  return Settings(parse_json(text, "test"), "c.json");
}

template <class Call>
void expect_corrupt(const Call& call, std::string_view message) {
  try {
    static_cast<void>(call());
    ADD_FAILURE() << "no Error, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_EQ(error.what(), std::string(message));
  }
}

TEST(Settings, AbsentAndNullAreNothing) {
  const Settings s = settings(R"({"a":null})");
  EXPECT_FALSE(s.size({"a", "b"}).has_value());
  EXPECT_FALSE(s.number({"a"}).has_value());
  EXPECT_FALSE(s.flag("a").has_value());
  EXPECT_FALSE(s.text({"a"}).has_value());
  EXPECT_FALSE(s.section("a").has_value());
  EXPECT_TRUE(s.numbers("a").empty());
  EXPECT_EQ(s.find({"a"}), nullptr);
}

TEST(Settings, TheFirstNameThatIsPresentCounts) {
  const Settings s = settings(R"({"a":null,"b":2,"c":3})");
  EXPECT_EQ(s.size({"a", "b", "c"}), 2U);
  EXPECT_EQ(s.size({"c", "b"}), 3U);
  EXPECT_EQ(s.needed_number({"b"}), 2.0);
}

TEST(Settings, OtherTypesAreNamed) {
  const Settings s = settings(R"({"a":-1,"b":"x","c":2.5,"d":[1,"y"],"e":4294967296,"f":{}})");
  expect_corrupt([&] { return s.size({"a"}); },
                 "c.json: 'a' is -1, expected a whole number, at most 2147483647");
  expect_corrupt([&] { return s.size({"c"}); },
                 "c.json: 'c' is 2.5, expected a whole number, at most 2147483647");
  expect_corrupt([&] { return s.size({"e"}); },
                 "c.json: 'e' is 4294967296, expected a whole number, at most 2147483647");
  expect_corrupt([&] { return s.number({"b"}); }, "c.json: 'b' is \"x\", expected a finite number");
  expect_corrupt([&] { return s.flag("a"); }, "c.json: 'a' is -1, expected true or false");
  expect_corrupt([&] { return s.text({"a"}); }, "c.json: 'a' is -1, expected a text");
  expect_corrupt([&] { return s.section("a"); }, "c.json: 'a' is -1, expected an object");
  expect_corrupt([&] { return s.numbers("d"); },
                 "c.json: 'd' is \"y\", expected a list of finite numbers");
  expect_corrupt([&] { return s.numbers("f"); }, "c.json: 'f' is {}, expected a list of numbers");
  expect_corrupt([&] { return s.needed_size({"z"}); }, "c.json: no 'z', expected a whole number");
  expect_corrupt([&] { return s.needed_number({"z"}); }, "c.json: no 'z', expected a number");
  expect_corrupt([&] { return s.section("f")->needed_size({"g"}); },
                 "c.json: f: no 'g', expected a whole number");
  expect_corrupt([] { return settings("[]"); },
                 "c.json: found no object, expected settings by name");
}

}  // namespace
}  // namespace frugal::model
