#include "frugal/text/chat.h"

#include <string_view>

#include "frugal/base/str.h"

namespace frugal::text {

namespace {

constexpr std::string_view kStart = "<|im_start|>";
constexpr std::string_view kEnd = "<|im_end|>";

std::string tools_block(const std::vector<std::string>& tools) {
  std::string out =
      "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
      "You are provided with function signatures within <tools></tools> XML tags:\n<tools>";
  for (const std::string& tool : tools) out += "\n" + tool;
  return out +
         "\n</tools>\n\nFor each function call, return a json object with function name and "
         "arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n"
         "{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>";
}

/// Collects pieces; neighbours of one writer become one.
class Pieces {
 public:
  void add(bool by_assistant, std::string_view text) {
    if (pieces_.empty() || pieces_.back().by_assistant != by_assistant) {
      pieces_.push_back({"", by_assistant});
    }
    pieces_.back().text += text;
  }
  void begin_turn(std::string_view role) {
    for (const std::string_view part : {kStart, role, std::string_view("\n")}) add(false, part);
  }
  void end_turn(bool by_assistant) {
    add(by_assistant, kEnd);
    add(false, "\n");
  }
  [[nodiscard]] std::vector<ChatPiece> take() { return std::move(pieces_); }

 private:
  std::vector<ChatPiece> pieces_;
};

bool is_tool(std::span<const ChatMessage> messages, std::size_t index) {
  return index < messages.size() && messages[index].role == "tool";
}

void add_turn(std::span<const ChatMessage> messages, std::size_t index, Pieces& pieces) {
  const ChatMessage& message = messages[index];
  if (message.role == "tool") {
    const bool first = index == 0 || !is_tool(messages, index - 1);
    // No line break at the end of the role's line: each response brings its own.
    if (first) pieces.add(false, str("{}user", kStart));
    pieces.add(false, "\n<tool_response>\n" + message.content + "\n</tool_response>");
    if (!is_tool(messages, index + 1)) pieces.end_turn(false);
    return;
  }
  const bool by_assistant = message.role == "assistant";
  pieces.begin_turn(message.role);
  pieces.add(by_assistant, message.content);
  pieces.end_turn(by_assistant);
}

}  // namespace

std::vector<ChatPiece> chat_pieces(std::span<const ChatMessage> messages,
                                   const ChatOptions& options) {
  Pieces pieces;
  std::size_t index = 0;
  if (!options.tools.empty()) {
    pieces.begin_turn("system");
    if (!messages.empty() && messages[0].role == "system")
      pieces.add(false, messages[index++].content);
    pieces.add(false, tools_block(options.tools));
    pieces.end_turn(false);
  }
  for (; index < messages.size(); ++index) add_turn(messages, index, pieces);
  if (options.ask) pieces.begin_turn("assistant");
  return pieces.take();
}

std::string render_chat(std::span<const ChatMessage> messages, const ChatOptions& options) {
  std::string out;
  for (const ChatPiece& piece : chat_pieces(messages, options)) out += piece.text;
  return out;
}

std::string chat_continuation(std::span<const ChatMessage> messages) {
  return std::string(kEnd) + "\n" + render_chat(messages, {.tools = {}, .ask = true});
}

}  // namespace frugal::text
