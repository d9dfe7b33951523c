#pragma once

/// What to append to a sequence in a forward pass, and what a model can take.

#include <cstddef>
#include <limits>
#include <span>

#include "frugal/base/work.h"
#include "frugal/model/model.h"
#include "frugal/text/tokenizer.h"

namespace frugal::engine {

using text::TokenId;

class KvCache;

/// Which positions of a forward pass want logits.
enum class Logits { kNone, kLast, kAll };

/// For Step::exits_from: all tokens go through all layers.
inline constexpr std::size_t kNoExits = std::numeric_limits<std::size_t>::max();

/// What to append to one sequence in a forward pass.
struct Step {
  KvCache* cache = nullptr;  ///< no other step of the same call has it
  std::span<const TokenId> tokens;
  Logits wanted = Logits::kLast;
  Phase phase = Phase::kPrefill;
  /// The first of `tokens` that may stop at an exit of the model, as all after it may, where the
  /// engine has a confidence for that.
  std::size_t exits_from = kNoExits;
  /// Where the step's share of the call's work is added, as it is to Engine::work.
  Work* work = nullptr;
};

/// Rows of logits that a step gets.
[[nodiscard]] std::size_t wanted_rows(const Step& step);

/// Errors: kInvalidArgument for no token at all or an id outside the model's vocabulary.
void check_tokens(const model::Model& model, std::span<const TokenId> tokens);

/// Most positions of a sequence: those the model has learned vectors for, or, where it has none,
/// any number.
[[nodiscard]] std::size_t most_positions(const model::Model& model);

}  // namespace frugal::engine
