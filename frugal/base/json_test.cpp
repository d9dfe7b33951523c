#include "frugal/base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal {
namespace {

std::string fault_of(const std::string& text) {
  try {
    (void)parse_json(text, "plan.json");
  } catch (const Error& fault) {
    EXPECT_EQ(fault.kind(), ErrorKind::kCorrupt);
    return fault.what();
  }
  return {};
}

TEST(Json, KeepsTheOrderOfKeys) {
  const Json json = parse_json(R"({"z":1,"a":[true,null,"x"],"m":{"k":-2.5}})", "test");
  EXPECT_EQ(to_line(json), R"({"z":1,"a":[true,null,"x"],"m":{"k":-2.5}})");
}

TEST(SortedJson, ReadsAHundredThousandMembersInAnyOrder) {
  std::string text = "{";
  for (int i = 100'000; i > 0; --i) text += str("\"{}\":{},", i, i);
  text += "\"x\":0}";
  const SortedJson json = parse_sorted_json(text, "test");
  EXPECT_EQ(json.size(), 100'001U);
  EXPECT_EQ(json.at("77").get<int>(), 77);
}

TEST(SortedJson, HasTheSameFaults) {
  EXPECT_THROW(static_cast<void>(parse_sorted_json("{", "test")), Error);
  EXPECT_THROW(static_cast<void>(parse_sorted_json(std::string(600, '['), "test")), Error);
}

TEST(Json, EveryDoubleSurvivesTheWayOutAndBack) {
  for (const double x : {0.1, 1e-308, 5e-324, 1.7976931348623157e308, -0.0, 1.0 / 3.0}) {
    const double back = parse_json(to_line(Json(x)), "test").get<double>();
    EXPECT_EQ(back, x);
    EXPECT_EQ(std::signbit(back), std::signbit(x));
  }
}

TEST(Json, LargeIntegersStayExact) {
  EXPECT_EQ(parse_json("18446744073709551615", "test").get<std::uint64_t>(),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_json("-9223372036854775808", "test").get<std::int64_t>(),
            std::numeric_limits<std::int64_t>::min());
}

TEST(Json, WhatIsNoNumberIsPrintedAsNull) {
  Json json;
  json["energy_j"] = std::nan("");
  json["high"] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(to_line(json), R"({"energy_j":null,"high":null})");
}

TEST(Json, InvalidUtf8IsReplacedWhenPrinted) {
  EXPECT_EQ(to_line(Json("a\xff"
                         "b")),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(to_line(Json("line\nbreak")), R"("line\nbreak")");
}

TEST(Json, MalformedTextIsCorruptAndNamesItsSource) {
  for (const char* text : {"", "{", "[1,]", "{\"a\" 1}", "nul", "1 2", "\"\x01\"", "\"\xff\"",
                           "{\"a\":NaN}", "1e999", "\"\\ud800\""}) {
    EXPECT_EQ(fault_of(text).rfind("plan.json: not JSON: ", 0), 0U) << text;
  }
}

TEST(Json, MessagesShowNoControlCharacters) {
  const std::string message = fault_of("[\x1b[31m");
  EXPECT_FALSE(message.empty());
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

TEST(Json, DeepNestingIsCorruptAndDoesNotOverflowTheStack) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(to_line(parse_json(nested(512), "test")), nested(512));
  EXPECT_EQ(fault_of(nested(513)), "plan.json: JSON nested deeper than 512 levels");
  EXPECT_NE(fault_of(nested(1'000'000)), "");
  EXPECT_NE(fault_of(std::string(1'000'000, '{')), "");
}

TEST(Json, BracketsInsideStringsAreNotNesting) {
  const std::string text = "[\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\"]";
  EXPECT_EQ(parse_json(text, "test")[0].get<std::string>().size(), 2001U);
}

TEST(ToSpacedLine, PutsASpaceAfterEachCommaAndColonOutsideStrings) {
  const Json json = {
      {"b", {1, 2.5, nullptr}}, {"a", {{"x,y:z", "say \"hi\""}}}, {"e", Json::object()}};
  EXPECT_EQ(to_spaced_line(json),
            R"({"b": [1, 2.5, null], "a": {"x,y:z": "say \"hi\""}, "e": {}})");
  EXPECT_EQ(to_spaced_line(Json::array()), "[]");
  EXPECT_EQ(to_spaced_line("text"), "\"text\"");
}

}  // namespace
}  // namespace frugal
