#include "frugal/eval/windows.h"

#include <algorithm>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::eval {

std::vector<std::vector<text::TokenId>> windows_of(std::span<const text::TokenId> text,
                                                   std::size_t context, std::size_t max_tokens,
                                                   const text::Tokenizer* tokenizer) {
  if (max_tokens > 0) text = text.first(std::min(text.size(), max_tokens));
  if (context < 4) {
    throw Error(ErrorKind::kInvalidArgument,
                str("windows of {} tokens: expected at least 4", context));
  }
  if (text.size() < 2) {
    throw Error(ErrorKind::kInvalidArgument,
                str("a text of {} tokens: expected at least 2", text.size()));
  }
  const bool add_bos = tokenizer != nullptr && tokenizer->vocabulary().add_bos;
  const std::size_t length = std::min(context, text.size());
  std::vector<std::vector<text::TokenId>> windows;
  for (std::size_t at = 0; at + length <= text.size(); at += length) {
    const auto part = text.subspan(at, length);
    windows.emplace_back(part.begin(), part.end());
    if (add_bos && tokenizer->vocabulary().bos) windows.back()[0] = *tokenizer->vocabulary().bos;
  }
  return windows;
}

}  // namespace frugal::eval
