#pragma once

/// Logits to the next token.

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "frugal/text/tokenizer.h"

namespace frugal::engine {

using text::TokenId;

/// The chain, in this order: repetition penalty, temperature, top-k, top-p, min-p, draw.
struct SamplerOptions {
  float temperature = 0.8F;        ///< 0: always the likeliest, the rest below is then ignored
  std::size_t top_k = 40;          ///< 0: all
  float top_p = 0.95F;             ///< in (0, 1]; 1: all
  float min_p = 0.05F;             ///< in [0, 1); relative to the likeliest
  float repeat_penalty = 1.0F;     ///< > 0; 1: none
  std::size_t repeat_window = 64;  ///< latest tokens that are penalised
  std::uint64_t seed = 1;
};

/// Draws tokens.  The same seed, options and logits give the same tokens on every machine.
///
/// Threads: one at a time.
class Sampler {
 public:
  /// Errors: kInvalidArgument for an option outside its range.
  explicit Sampler(const SamplerOptions& options);

  /// Errors: kCorrupt when no logit is finite (the model's weights are broken).
  [[nodiscard]] TokenId next(std::span<const float> logits);
  /// Tells the sampler of a token it did not draw (the prompt), for the repetition penalty.
  void observe(TokenId token);

 private:
  struct Candidate {
    TokenId token;
    float logit;
  };
  void penalise(std::span<float> logits) const;
  [[nodiscard]] TokenId draw();

  SamplerOptions options_;
  std::mt19937_64 random_;
  std::vector<TokenId> recent_;
  std::vector<float> logits_;
  std::vector<Candidate> candidates_;
};

/// The index of the largest logit, the first of equals.
[[nodiscard]] TokenId argmax(std::span<const float> logits);

}  // namespace frugal::engine
