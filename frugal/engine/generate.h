#pragma once

/// A prompt to a text: prefill, then one token at a time until something says stop.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/engine/batcher.h"
#include "frugal/engine/engine.h"
#include "frugal/engine/sampler.h"

namespace frugal::engine {

struct GenerateOptions {
  std::size_t max_tokens = 128;
  bool ignore_end = false;  ///< go on past end-of-text (measurements)
  SamplerOptions sampler;
};

struct Generation {
  std::vector<TokenId> tokens;  ///< without the end-of-text token
  std::string text;
  StopReason reason = StopReason::kMaxTokens;
};

/// Called with each piece of whole UTF-8 characters as it is ready.  May throw to stop.
using TextFn = std::function<void(std::string_view piece)>;

/// Continues `prompt` in `cache`, which may already hold the beginning of the sequence.
///
/// Errors: kInvalidArgument for an empty prompt or one longer than the room left in the cache.
[[nodiscard]] Generation generate(Engine& engine, KvCache& cache, std::span<const TokenId> prompt,
                                  const GenerateOptions& options, const TextFn& on_text = {});

}  // namespace frugal::engine
