#include "frugal/engine/step.h"

#include <limits>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::engine {

std::size_t wanted_rows(const Step& step) {
  switch (step.wanted) {
    case Logits::kNone:
      return 0;
    case Logits::kLast:
      return 1;
    case Logits::kAll:
      return step.tokens.size();
  }
  return 0;
}

void check_tokens(const model::Model& model, std::span<const TokenId> tokens) {
  const std::size_t vocab_size = model.config.vocab_size;
  if (tokens.empty()) throw Error(ErrorKind::kInvalidArgument, "no tokens: expected at least one");
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] >= 0 && static_cast<std::size_t>(tokens[i]) < vocab_size) continue;
    throw Error(ErrorKind::kInvalidArgument,
                str("token {} at position {}: expected 0 to {}", tokens[i], i, vocab_size - 1));
  }
}

std::size_t most_positions(const model::Model& model) {
  return model.position_embedding.empty() ? std::numeric_limits<std::size_t>::max()
                                          : model.position_embedding.rows;
}

}  // namespace frugal::engine
