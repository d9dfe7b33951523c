#pragma once

/// Named mixtures of types, as llama.cpp has them: which type a tensor gets by its role and layer.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "frugal/tensor/dtype.h"

namespace frugal::compress {

/// What a tensor does in the network, as far as mixtures care.
enum class Role {
  kOutput,      ///< output.weight, or the embedding where that serves as both
  kEmbedding,   ///< token_embd.weight
  kAttentionV,  ///< values, alone or with queries and keys in one matrix
  kAttentionK,
  kAttentionOutput,
  kFeedDown,
  kOther,
};

/// Where in the network it is: number `index` of `count`, for values and ffn_down.
struct Place {
  Role role = Role::kOther;
  std::size_t index = 0;
  std::size_t count = 0;
  std::size_t cols = 0;
};

/// What mixtures ask about the model and about how it is rounded.
struct ModelFacts {
  std::size_t heads_per_kv = 1;  ///< query heads that share one key head
  std::size_t experts = 0;
  bool large_shared = false;  ///< 80 layers with shared key heads: the 70B of llama and its like
  bool has_importance = false;
};

struct Mixture {
  std::string_view name;    ///< in lower case: "q4_k_m"
  DType base;               ///< what no rule says otherwise gets
  std::uint32_t file_type;  ///< `general.file_type`
};

/// All of them, the smallest first.
[[nodiscard]] std::span<const Mixture> mixtures();

/// By name in any letter case; "q3_k", "q4_k" and "q5_k" are their "_m".  Null: there is none.
[[nodiscard]] const Mixture* find_mixture(std::string_view name);

/// The type that the mixture gives a tensor there, before its shape is asked.
///
/// Source: llama_tensor_get_type_impl (src/llama-quant.cpp of llama.cpp), without its exceptions
///         for Falcon.
[[nodiscard]] DType mixed_type(const Mixture& mixture, const Place& place, const ModelFacts& facts);

/// What takes the place of a type whose block does not divide a row of `cols` numbers: the type
/// itself where it does, else one in blocks of 32, else F16.
[[nodiscard]] DType fitting_type(DType type, std::size_t cols);

}  // namespace frugal::compress
