#include "frugal/agent/tool_call.h"

#include <gtest/gtest.h>

#include <string>

#include "frugal/base/random.h"

namespace frugal::agent {
namespace {

TEST(ParseMessage, ReadsOneCallAndTheTextAroundIt) {
  const ParsedMessage message = parse_message(
      "I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>\n");
  EXPECT_EQ(message.text, "I look.");
  ASSERT_EQ(message.calls.size(), 1U);
  EXPECT_FALSE(message.calls[0].malformed());
  EXPECT_EQ(message.calls[0].call, (ToolCall{"f", {{"a", 1}}}));
}

TEST(ParseMessage, ReadsSeveralCallsInOrder) {
  const std::string one = call_text({"f", {{"a", 1}}});
  const std::string two = call_text({"g", Json::object()});
  const ParsedMessage message = parse_message(one + "\n" + two);
  EXPECT_EQ(message.text, "");
  ASSERT_EQ(message.calls.size(), 2U);
  EXPECT_EQ(message.calls[0].call.name, "f");
  EXPECT_EQ(message.calls[1].call, (ToolCall{"g", Json::object()}));
}

TEST(ParseMessage, AcceptsPythonsDicts) {
  const ParsedMessage message = parse_message(
      "<tool_call>{'name': 'f', 'arguments': {'a': True, 'b': None, 'c': 'it\\'s \"so\"', "
      "\"d\": \"True\"}}</tool_call>");
  ASSERT_EQ(message.calls.size(), 1U);
  EXPECT_EQ(message.calls[0].fault, "");
  EXPECT_EQ(message.calls[0].call.arguments,
            (Json{{"a", true}, {"b", nullptr}, {"c", "it's \"so\""}, {"d", "True"}}));
}

TEST(ParseMessage, PlainTextHoldsNoCall) {
  EXPECT_EQ(parse_message(" Done. \n").text, "Done.");
  EXPECT_TRUE(parse_message(" Done. \n").calls.empty());
  EXPECT_TRUE(parse_message("").calls.empty());
}

TEST(ParseMessage, MalformedBlocksStayVisibleAndSayWhy) {
  for (const std::string body :
       {"{\"name\": \"f\"", "f(1)", "{\"arguments\": {}}", "{\"name\": 3, \"arguments\": {}}",
        "{\"name\": \"f\", \"arguments\": \"x\"}", "{\"name\": \"f\"}", "[]", "", "{'a': 'b"}) {
    const std::string block = "<tool_call>" + body + "</tool_call>";
    const ParsedMessage message = parse_message("A " + block + " B");
    EXPECT_EQ(message.text, "A " + block + " B");
    ASSERT_EQ(message.calls.size(), 1U) << body;
    EXPECT_NE(message.calls[0].fault.find("expected"), std::string::npos) << body;
  }
}

TEST(ParseMessage, ABlockThatDoesNotEndIsMalformed) {
  const ParsedMessage message =
      parse_message(call_text({"f", Json::object()}) + "<tool_call>\n{\"name\": \"g\"");
  ASSERT_EQ(message.calls.size(), 2U);
  EXPECT_FALSE(message.calls[0].malformed());
  EXPECT_TRUE(message.calls[1].malformed());
  EXPECT_EQ(message.text, "<tool_call>\n{\"name\": \"g\"");
}

TEST(ParseMessage, AnyTextIsTakenApartWithoutAFault) {
  Random random(1);
  const std::vector<std::string> parts = {
      "<tool_call>", "</tool_call>", "{", "}",  "\"name\"",  ":",  "'",   "\\", "[",
      "a",           "True",         ",", "\"", "arguments", "\n", "\xff"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(30); n > 0; --n) text += random.pick(parts);
    (void)parse_message(text);
  }
  (void)parse_message("<tool_call>" + std::string(100000, '[') + "</tool_call>");
}

}  // namespace
}  // namespace frugal::agent
