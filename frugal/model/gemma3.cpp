#include <cmath>

#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"

// x = sqrt(embedding) * embedding[token]; norms before and after each sublayer and over each query
// and key head; a GELU gate.  Five of six layers see the latest `window` positions, turned with a
// base of 10,000; the sixth sees all, with the base of the file.
// Source: Gemma team 2025, arXiv:2503.19786, section 2; soft-capping as in arXiv:2408.00118.

namespace frugal::model {

namespace {

constexpr std::size_t kPattern = 6;
constexpr std::size_t kLayersOf27B = 62;  // its queries are scaled by width / heads, not head_dim

}  // namespace

void describe_gemma3(const Reader& reader, Model& model) {
  Config& c = model.config;
  c.rope_pairs = RopePairs::kHalves;
  c.activation = Activation::kGeluGated;
  read_shape(reader, c);
  c.embedding_scale = std::sqrt(static_cast<float>(c.embedding));
  if (c.layers == kLayersOf27B) {
    c.query_scale = 1.0F / std::sqrt(static_cast<float>(c.embedding / c.heads));
  }
  c.attention_softcap = reader.non_negative_or("attn_logit_softcapping", 0.0F);
  c.logit_softcap = reader.non_negative_or("final_logit_softcapping", 0.0F);
  read_rotation(reader, model);
  const auto local_base = static_cast<double>(reader.positive_or("rope.freq_base_swa", 10000.0F));
  model.rotations.push_back({.usual = {.frequencies = rope_frequencies(local_base, c.rope_dims)}});
  read_ends(reader, model);
  read_layers(reader,
              {.head_norms = true,
               .attention_post_norm = "post_attention_norm",
               .mlp_post_norm = "post_ffw_norm"},
              model);
  const std::size_t window = reader.size_or("attention.sliding_window", 0);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    if (window == 0 || i % kPattern == kPattern - 1) continue;
    model.layers[i].window = window;
    model.layers[i].rotation = 1;
  }
}

}  // namespace frugal::model
