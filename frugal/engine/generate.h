#pragma once

/// A prompt to a text: prefill, then one token at a time until something says stop.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/engine/batcher.h"
#include "frugal/engine/engine.h"
#include "frugal/engine/sampler.h"
#include "frugal/engine/speculate.h"

namespace frugal::engine {

struct GenerateOptions {
  std::size_t max_tokens = 128;
  bool ignore_end = false;  ///< go on past end-of-text (measurements)
  SamplerOptions sampler = {};
  KvType kv = KvType::kF16;
  std::size_t context = 0;                       ///< most positions; 0: what the model was made for
  std::unique_ptr<Proposer> proposer = nullptr;  ///< guesses; null: none
};

struct Generation {
  std::vector<TokenId> tokens;  ///< without the end-of-text token
  std::string text;
  StopReason reason = StopReason::kMaxTokens;
};

/// Called after each token with the UTF-8 characters that it completed, which may be none, and at
/// the end with what is left.  May throw to stop.
using TextFn = std::function<void(std::string_view piece)>;

/// Continues `prompt`.  The last token needs no position: a context of c gives a prompt of p up to
/// c - p + 1 tokens.
///
/// Errors: kInvalidArgument for an empty prompt, one longer than the context, or a bad sampler
///         option; kUnsupported for a model without a vocabulary or logits.
[[nodiscard]] Generation generate(Engine& engine, std::span<const TokenId> prompt,
                                  GenerateOptions options, const TextFn& on_text = {});

/// Positions that a generation can take: prompt and answer, or the context where that is less.
/// Errors: kInvalidArgument for a prompt longer than the context.
[[nodiscard]] std::size_t positions_of(const model::Model& model, std::size_t prompt_tokens,
                                       const GenerateOptions& options);

}  // namespace frugal::engine
