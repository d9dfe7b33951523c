#pragma once

/// Private to this folder: which positions a token sees, and the cost of the steps of a pass that
/// are more than one kernel call.  The pass adds these up while it runs, and `forward_cost` from
/// the network's description: each is the test of the other.

#include <algorithm>
#include <cstdint>
#include <span>

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/model/model.h"

namespace frugal::engine {

/// Positions [begin, end).
struct Visible {
  std::size_t begin;
  std::size_t end;
};

/// What token `t` of `tokens` new ones sees after `past` cached positions.
[[nodiscard]] constexpr Visible visible_to(const model::Config& config, const model::Layer& layer,
                                           std::size_t past, std::size_t t, std::size_t tokens) {
  const std::size_t end = config.causal ? past + t + 1 : past + tokens;
  const std::size_t window = layer.window == 0 ? end : layer.window;
  return {end > window ? end - window : 0, end};
}

/// Tokens of a chunk that one attention call takes at once.
[[nodiscard]] constexpr std::size_t attend_tokens(const model::Config& config) {
  return std::max<std::size_t>(1, kernels::kAttendRows / (config.heads / config.kv_heads));
}

/// Embedding look-up of `rows` tokens, with all that is added, and both norms that follow.
[[nodiscard]] Cost embed_cost(const model::Model& model, std::uint64_t rows);

/// Cosine and sine of each pair at each position.
[[nodiscard]] constexpr Cost rope_table_cost(std::uint64_t positions, std::uint64_t pairs) {
  return Cost{}
      .add(Op::kFloat, positions * pairs)
      .add(Op::kSpecial, 2 * positions * pairs)
      .add(Traffic::kCache, 8 * positions * pairs);
}

/// Nothing for an empty norm.
[[nodiscard]] Cost norm_cost(const model::Config& config, const model::Norm& norm,
                             std::uint64_t rows, std::uint64_t cols);

/// Product and bias; the rounding of its input is counted where it is done.
[[nodiscard]] Cost linear_cost(const model::Linear& linear, std::uint64_t batch);

/// Norms over heads, rotation, the scores' scale, and keys and values written to the cache.
[[nodiscard]] Cost rotate_and_store_cost(const model::Config& config, const model::Layer& layer,
                                         std::uint64_t batch, kernels::KvType kv);

/// The part of it that a token's key and value take: all that one that has stopped still needs.
[[nodiscard]] Cost rotate_and_store_key_cost(const model::Config& config, const model::Layer& layer,
                                             std::uint64_t batch, kernels::KvType kv);
/// The other part.
[[nodiscard]] Cost rotate_query_cost(const model::Config& config, const model::Layer& layer,
                                     std::uint64_t batch);

/// max, then exp(logit - max) and their sum.
[[nodiscard]] constexpr Cost top_probability_cost(std::uint64_t rows, std::uint64_t vocab_size) {
  return Cost{}
      .add(Op::kFloat, 3 * rows * vocab_size)
      .add(Op::kSpecial, rows * vocab_size)
      .add(Traffic::kCache, 4 * rows * vocab_size);
}

/// Attention of the new tokens `which` (ascending) among `tokens` of one sequence after `past`
/// cached positions, in one layer.
[[nodiscard]] Cost attend_some_cost(const model::Config& config, const model::Layer& layer,
                                    std::size_t past, std::span<const std::size_t> which,
                                    std::size_t tokens, kernels::KvType kv);
/// Attention of `tokens` new tokens of one sequence after `past` cached positions, in one layer.
[[nodiscard]] Cost attend_chunk_cost(const model::Config& config, const model::Layer& layer,
                                     std::size_t past, std::size_t tokens, kernels::KvType kv);

[[nodiscard]] Cost activation_cost(const model::Config& config, std::uint64_t batch);

}  // namespace frugal::engine
