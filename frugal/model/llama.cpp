#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"

// Llama 1 to 3, Mistral, SmolLM, TinyLlama, and what else is stored under their name:
//
// x = embedding[token]
// for each layer:
//   h = rms_norm(x);  q, k, v = Wq h, Wk h, Wv h;  q, k rotated by position (interleaved pairs)
//   x += Wo attention(q, keys, values)          query head i reads kv head i / (heads / kv_heads)
//   h = rms_norm(x);  x += Wdown (silu(Wgate h) * Wup h)
// logits = Woutput rms_norm(x)
//
// Source: Touvron et al. 2023, arXiv:2302.13971 and arXiv:2307.09288; `rope_freqs` as in Llama 3.1.

namespace frugal::model {

void describe_llama(const Reader& reader, Model& model) {
  read_shape(reader, model.config);
  read_rotation(reader, model);
  read_ends(reader, model);
  read_layers(reader, {.attention_bias = Presence::kMaybe, .output_bias = Presence::kMaybe}, model);
}

}  // namespace frugal::model
