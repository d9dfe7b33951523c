#include "frugal/text/chat.h"

#include <gtest/gtest.h>

namespace frugal::text {
namespace {

const std::vector<ChatMessage> kTalk = {
    {"system", "Be brief."},
    {"user", "Where is W1?"},
    {"assistant", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>"},
    {"tool", "{\"b\": 2}"},
    {"tool", "{\"c\": 3}"},
    {"assistant", "There."}};

TEST(RenderChat, WritesTurnsAsChatMl) {
  const std::vector<ChatMessage> talk = {{"system", "S"}, {"user", "U"}};
  EXPECT_EQ(render_chat(talk, {.ask = true}),
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n"
            "<|im_start|>assistant\n");
  EXPECT_EQ(render_chat({}, {}), "");
}

// The expected text is what the template of Qwen2.5 writes, put down by hand.
TEST(RenderChat, PutsToolsIntoTheSystemTurnAndResultsIntoOneTurnOfTheUser) {
  EXPECT_EQ(
      render_chat(kTalk, {.tools = {"{\"type\": \"function\"}", "{\"x\": 2}"}}),
      "<|im_start|>system\nBe brief.\n\n# Tools\n\nYou may call one or more functions to assist "
      "with "
      "the user query.\n\nYou are provided with function signatures within <tools></tools> XML "
      "tags:\n<tools>\n{\"type\": \"function\"}\n{\"x\": 2}\n</tools>\n\nFor each function call, "
      "return a json object with function name and arguments within <tool_call></tool_call> XML "
      "tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n"
      "</tool_call><|im_end|>\n"
      "<|im_start|>user\nWhere is W1?<|im_end|>\n"
      "<|im_start|>assistant\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n"
      "</tool_call><|im_end|>\n"
      "<|im_start|>user\n<tool_response>\n{\"b\": 2}\n</tool_response>\n<tool_response>\n{\"c\": "
      "3}\n"
      "</tool_response><|im_end|>\n"
      "<|im_start|>assistant\nThere.<|im_end|>\n");
}

TEST(RenderChat, ToolsAloneStillGetASystemTurn) {
  const std::vector<ChatMessage> talk = {{"user", "U"}};
  const std::string text = render_chat(talk, {.tools = {"{}"}});
  EXPECT_EQ(text.rfind("<|im_start|>system\n\n\n# Tools", 0), 0U);
}

TEST(ChatPieces, TheAssistantWroteItsContentsAndTheirEnds) {
  const auto pieces = chat_pieces(kTalk, {});
  ASSERT_EQ(pieces.size(), 5U);
  EXPECT_EQ(pieces[1], (ChatPiece{kTalk[2].content + "<|im_end|>", true}));
  EXPECT_EQ(pieces[3], (ChatPiece{"There.<|im_end|>", true}));
  EXPECT_EQ(pieces[4], (ChatPiece{"\n", false}));
  for (const std::size_t other : {0U, 2U}) EXPECT_FALSE(pieces[other].by_assistant);
}

TEST(ChatContinuation, IsWhatStandsBetweenTwoTurnsOfTheAssistant) {
  const std::span<const ChatMessage> talk(kTalk);
  const ChatOptions options{.tools = {"{}"}, .ask = true};
  EXPECT_EQ(render_chat(talk.first(5), options), render_chat(talk.first(2), options) +
                                                     kTalk[2].content +
                                                     chat_continuation(talk.subspan(3, 2)));
}

}  // namespace
}  // namespace frugal::text
