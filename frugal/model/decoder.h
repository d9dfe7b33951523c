#pragma once

/// Private to this folder: what the architectures share, by GGUF's names.

#include <cstddef>
#include <string_view>

#include "frugal/model/model.h"
#include "frugal/model/reader.h"

namespace frugal::model {

/// Whether a file has a tensor: an architecture without it ignores it, one that must have it fails.
enum class Presence { kNever, kMaybe, kAlways };

/// What the layers of an architecture have.
struct LayerParts {
  bool fused_attention = false;                   ///< attn_qkv in place of attn_q, attn_k, attn_v
  Presence attention_bias = Presence::kNever;     ///< of query, key and value
  Presence output_bias = Presence::kNever;        ///< of attn_output and the MLP
  bool head_norms = false;                        ///< attn_q_norm, attn_k_norm
  bool gated = true;                              ///< ffn_gate beside ffn_up
  bool fused_gate = false;                        ///< ffn_up holds the gate's rows, then its own
  std::string_view attention_norm = "attn_norm";  ///< names; "" for none
  std::string_view attention_post_norm = "";
  std::string_view attention_end_norm = "";
  std::string_view mlp_norm = "ffn_norm";
  std::string_view mlp_post_norm = "";
  std::string_view mlp_end_norm = "";
};

/// Sets the shape that every architecture states by the same keys; rope_dims is 0 where the file
/// has no rotation of its own, and `norm` decides which epsilon is read.
void read_shape(const Reader& reader, Config& config);
/// Rotated dimensions, and the plain or scaled rotation that the keys `rope.*` describe: none,
/// linear, yarn, the divisors of `rope_freqs.weight`, or both sets of longrope's.
void read_rotation(const Reader& reader, Model& model);
/// Token embedding, output norm and output, tied where the file has no `output.weight`.
void read_ends(const Reader& reader, Model& model);
/// Appends `config.layers` layers.
void read_layers(const Reader& reader, const LayerParts& parts, Model& model);

/// The norms of the exits that the key `frugal.exit.layers` lists, whatever the architecture.
void read_exits(const Reader& reader, Model& model);

/// base^(-2i / dims) for i < dims / 2.
[[nodiscard]] std::vector<double> rope_frequencies(double base, std::size_t dims);

[[nodiscard]] Norm read_norm(const Reader& reader, NormKind kind, const std::string& name,
                             std::size_t length);
[[nodiscard]] Linear read_linear(const Reader& reader, Presence bias, const std::string& name,
                                 std::size_t rows, std::size_t cols);

}  // namespace frugal::model
