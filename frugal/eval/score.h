#pragma once

/// How good a model is on a text, and how far one model strays from another.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/base/statistics.h"
#include "frugal/engine/engine.h"

namespace frugal::eval {

using text::TokenId;

/// The text is cut into windows (`windows_of`), and the predictions in the second half of each are
/// scored: the protocol of llama.cpp's perplexity tool.  A text shorter than one window is one
/// window, scored from its second token on.
struct ScoreOptions {
  std::size_t context = 512;   ///< at least 4
  std::size_t max_tokens = 0;  ///< of the text; 0: all
  ProgressFn progress = {};
};

/// Negative log-likelihood over the scored tokens of a text.
struct TextScore {
  double nll = 0.0;          ///< mean, nats per token
  double nll_std_err = 0.0;  ///< from the spread of the windows' means (of the tokens below 2)
  std::uint64_t tokens = 0;  ///< scored
  std::vector<double> window_nll;  ///< mean of each window

  [[nodiscard]] double perplexity() const;          ///< exp(nll)
  [[nodiscard]] double perplexity_std_err() const;  ///< first order: perplexity * nll_std_err
};

/// Errors: kInvalidArgument for fewer than 2 tokens or a context below 4 or above the model's
///         memory; those of Engine::forward (broken weights).
[[nodiscard]] TextScore score_text(engine::Engine& engine, std::span<const TokenId> tokens,
                                   const ScoreOptions& options);

/// Two models over the same windows, token by token.
struct Comparison {
  TextScore reference;
  TextScore candidate;
  Summary nll_increase;      ///< candidate − reference, paired by window, nats per token
  double kld = 0.0;          ///< mean KL(reference || candidate), nats per token
  double kld_std_err = 0.0;  ///< by windows
  double kld_p99 = 0.0;      ///< 99th percentile over tokens
  double kld_max = 0.0;
  Proportion same_top;  ///< share of tokens whose likeliest next token is the same
};

/// One pass over both, no logits stored.
///
/// Errors: as score_text; kInvalidArgument when the vocabularies differ in size.
[[nodiscard]] Comparison compare(engine::Engine& reference, engine::Engine& candidate,
                                 std::span<const TokenId> tokens, const ScoreOptions& options);

/// −log softmax(logits)[target], in double.  Shapes: logits [vocab].
[[nodiscard]] double negative_log_likelihood(std::span<const float> logits, TokenId target);

/// KL(P || Q) = Σ_i p_i (log p_i − log q_i) with p, q the softmax of the logits; at least 0.
[[nodiscard]] double kl_divergence(std::span<const float> p_logits,
                                   std::span<const float> q_logits);

}  // namespace frugal::eval
