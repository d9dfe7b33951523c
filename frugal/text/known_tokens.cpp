#include "frugal/text/known_tokens.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "frugal/base/error.h"

namespace frugal::text {
namespace {

using Names = std::unordered_set<std::string_view>;
using Found = std::unordered_map<std::string_view, TokenId>;  // the last of each name

const Names& ending_names() {
  static const Names kNames = {
      "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
      "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
      "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "[e~[",
      // DeepSeek, with U+FF5C for the bars and U+2581 between the words
      "<\xEF\xBD\x9C"
      "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",
      // what fills up, or begins another file in, a text completed in its middle
      "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>",
      "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>"};
  return kNames;
}

const Names& visible_names() {
  static const Names kNames = {"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"};
  return kNames;
}

void set_type(Vocabulary& vocabulary, TokenId id, TokenType type) {
  vocabulary.types[static_cast<std::size_t>(id)] = type;
}

bool has(const Found& found, std::string_view name) {
  return found.contains(name);
}

// Some families use a well-known name for something else.
void except_false_ends(Vocabulary& vocabulary, Found& found) {
  const bool harmony = has(found, "<|return|>") && has(found, "<|call|>");
  const bool solar = (has(found, "<|call|>") || has(found, "<|calls|>")) && has(found, "<|flush|>");
  if ((harmony || solar) && has(found, "<|end|>")) {
    set_type(vocabulary, found["<|end|>"], TokenType::kUserDefined);
    found.erase("<|end|>");
  }
  if (has(found, "<|tool_response>") && has(found, "</s>")) {
    set_type(vocabulary, found["</s>"], TokenType::kNormal);
    found.erase("</s>");
  }
}

}  // namespace

void recognise_known_tokens(Vocabulary& vocabulary) {
  FRUGAL_CHECK(vocabulary.types.size() == vocabulary.tokens.size());
  Found found;
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const std::string_view text = vocabulary.tokens[i];
    const auto id = static_cast<TokenId>(i);
    if (ending_names().contains(text)) {
      found.insert_or_assign(text, id);
      set_type(vocabulary, id, TokenType::kControl);
    } else if (visible_names().contains(text)) {
      set_type(vocabulary, id, TokenType::kUserDefined);
    }
  }
  except_false_ends(vocabulary, found);
  for (const auto& [name, id] : found) vocabulary.ends.push_back(id);
  std::sort(vocabulary.ends.begin(), vocabulary.ends.end());
  vocabulary.ends.erase(std::unique(vocabulary.ends.begin(), vocabulary.ends.end()),
                        vocabulary.ends.end());
}

}  // namespace frugal::text
