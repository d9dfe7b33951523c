#pragma once

/// A conversation as the text a model reads: ChatML with the tools block of Hermes and Qwen.

#include <span>
#include <string>
#include <vector>

namespace frugal::text {

/// One turn.
struct ChatMessage {
  std::string role;     ///< "system", "user", "assistant" or "tool" (the result of a call)
  std::string content;  ///< of an assistant with its <tool_call> blocks

  bool operator==(const ChatMessage&) const = default;
};

/// A stretch of the rendered text, and whether the assistant wrote it.
struct ChatPiece {
  std::string text;
  bool by_assistant = false;  ///< the content and the <|im_end|> that ends it

  bool operator==(const ChatPiece&) const = default;
};

struct ChatOptions {
  /// Signatures of functions, one JSON object each.  With any, a system turn is written even where
  /// the messages have none.
  std::vector<std::string> tools = {};
  bool ask = false;  ///< end with the beginning of the assistant's next turn
};

/// The rendered conversation in pieces; joined they are `render_chat`.  Tokenised one by one, they
/// give the ids that a model sees while it talks: what it wrote is never joined with what stands
/// around it.  The pieces of the assistant are what training learns.
///
/// Numbers: a turn is "<|im_start|>" role "\n" content "<|im_end|>\n"; tool results that follow
/// each
///          other share one turn of the user, each within <tool_response>.
/// Threads: safe from all, as are the others.
/// Source:  the chat template of Qwen2.5-Instruct; unlike there, no system message is made up.
[[nodiscard]] std::vector<ChatPiece> chat_pieces(std::span<const ChatMessage> messages,
                                                 const ChatOptions& options);

/// The rendered conversation.
[[nodiscard]] std::string render_chat(std::span<const ChatMessage> messages,
                                      const ChatOptions& options);

/// What follows the content of an assistant's turn when `messages` come next and it is asked again:
///
///   render_chat(before + {assistant m} + messages, ask) =
///       render_chat(before, ask) + m.content + chat_continuation(messages)
[[nodiscard]] std::string chat_continuation(std::span<const ChatMessage> messages);

}  // namespace frugal::text
