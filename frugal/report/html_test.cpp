#include "frugal/report/html.h"

#include <gtest/gtest.h>

namespace frugal::report {
namespace {

TEST(Escape, TakesTheMeaningFromTagsAndQuotes) {
  EXPECT_EQ(escape("</script><script>alert(\"1\" + '2')&amp;"),
            "&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot; + &#39;2&#39;)&amp;amp;");
}

TEST(Escape, MakesControlCharactersVisible) {
  EXPECT_EQ(escape("a\x1b[31m\nb"), "a\\x1b[31m\\x0ab");
  EXPECT_EQ(escape(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Escape, MakesInvalidUtf8Visible) {
  EXPECT_EQ(escape("a\xff\xc3"), "a\\xff\\xc3");
  EXPECT_EQ(escape("µ → ≤ 語"), "µ → ≤ 語");
}

TEST(Escape, CutsLongTextsButNeverInsideAnEntity) {
  EXPECT_EQ(escape(std::string(1000, 'x'), 10), "xxxxxxxxxx…");
  EXPECT_EQ(escape("<<<<", 2), "&lt;&lt;…");
}

TEST(ScriptJson, LeavesNothingThatCouldBeginATag) {
  const Json json = {{"</script><!--", "a & b > c"}, {"n", 1.5}};
  const std::string text = script_json(json);
  EXPECT_EQ(text.find_first_of("<>&"), std::string::npos) << text;
  EXPECT_EQ(parse_json(text, "test"), json);
}

TEST(ScriptJson, IsValidUtf8WhateverComesIn) {
  const std::string text = script_json({{"name", "a\xff\xfe"}});
  EXPECT_EQ(parse_json(text, "test")["name"], "a\ufffd\ufffd");
}

TEST(ScriptJson, WritesWhatIsNotANumberAsNull) {
  EXPECT_EQ(script_json({{"x", std::numeric_limits<double>::infinity()}}), R"({"x":null})");
}

}  // namespace
}  // namespace frugal::report
