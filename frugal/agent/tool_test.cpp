#include "frugal/agent/tool.h"

#include <gtest/gtest.h>

namespace frugal::agent {
namespace {

Tool send_tool() {
  Tool tool{"send", "Send money.",
            object_schema({{"to", "string"},
                           {"amount", "number"},
                           {"days", "integer", false},
                           {"urgent", "boolean", false}})};
  tool.parameters["properties"]["to"]["enum"] = {"Ada", "Ben"};
  return tool;
}

std::string fault_of(const Json& arguments) {
  return argument_fault(send_tool(), arguments).value_or("");
}

TEST(Signature, IsTheLineOfTheHermesTemplate) {
  const Tool tool{"get_order", "Look up an order.", object_schema({{"order", "string"}})};
  EXPECT_EQ(signature(tool),
            R"({"type": "function", "function": {"name": "get_order", "description": )"
            R"("Look up an order.", "parameters": {"type": "object", "properties": )"
            R"({"order": {"type": "string"}}, "required": ["order"]}}})");
}

TEST(CallText, IsABlockWithNameAndArguments) {
  EXPECT_EQ(
      call_text({"f", {{"a", 1}, {"b", "x"}}}),
      "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>");
}

TEST(ArgumentFault, ThereIsNoneWhereAllFits) {
  EXPECT_EQ(fault_of({{"to", "Ada"}, {"amount", 2.5}}), "");
  EXPECT_EQ(fault_of({{"amount", 3}, {"to", "Ben"}, {"days", 1}, {"urgent", true}}), "");
}

TEST(ArgumentFault, NamesWhatIsWrong) {
  EXPECT_EQ(fault_of({{"to", "Ada"}}), "send: amount is missing");
  EXPECT_EQ(fault_of({{"to", "Ada"}, {"amount", "3"}}),
            "send: amount is \"3\", expected type number");
  EXPECT_EQ(fault_of({{"to", "Ada"}, {"amount", 3}, {"days", 1.5}}),
            "send: days is 1.5, expected type integer");
  EXPECT_EQ(fault_of({{"to", "Eve"}, {"amount", 3}}),
            "send: to is \"Eve\", expected one of [\"Ada\",\"Ben\"]");
  EXPECT_EQ(fault_of({{"to", "Ada"}, {"amount", 3}, {"why", 1}}),
            "send: unknown argument why, expected to, amount, days, urgent");
  EXPECT_EQ(fault_of(Json::array()), "send: arguments are [], expected an object");
}

}  // namespace
}  // namespace frugal::agent
