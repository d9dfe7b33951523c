#include "frugal/base/str.h"
#include "frugal/model/architectures.h"

// x = embedding[token]
// for each layer:
//   h = rms_norm(x);  q, k, v = Wq h, Wk h, Wv h;  q, k rotated by position (interleaved pairs)
//   x += Wo attention(q, keys, values)          query head i reads kv head i / (heads / kv_heads)
//   h = rms_norm(x);  x += Wdown (silu(Wgate h) * Wup h)
// logits = Woutput rms_norm(x)
//
// Source: Touvron et al. 2023, arXiv:2302.13971 and arXiv:2307.09288; `rope_freqs` as in Llama 3.1.

namespace frugal::model {

namespace {

Config read_config(const Reader& reader) {
  Config c;
  c.context_length = reader.size("context_length", std::size_t{1} << 30U);
  c.embedding = reader.size("embedding_length");
  c.layers = reader.size("block_count", 1024);
  c.feed_forward = reader.size("feed_forward_length");
  c.heads = reader.size("attention.head_count", 4096);
  c.kv_heads = reader.size_or("attention.head_count_kv", c.heads, 4096);
  if (c.heads % c.kv_heads != 0) {
    reader.corrupt(
        str("{} query heads for {} key-value heads, expected a multiple", c.heads, c.kv_heads));
  }
  if (reader.size_or("attention.key_length", c.embedding / c.heads, 65536) !=
      reader.size_or("attention.value_length", c.embedding / c.heads, 65536)) {
    reader.corrupt("attention.key_length and attention.value_length differ, expected one length");
  }
  c.head_dim = reader.size_or("attention.key_length", c.embedding / c.heads, 65536);
  c.rope_dims = reader.size_or("rope.dimension_count", c.head_dim, 65536);
  if (c.head_dim == 0 || c.rope_dims % 2 != 0 || c.rope_dims > c.head_dim) {
    reader.corrupt(str("{} rotated dimensions of {} in a head, expected an even part of it",
                       c.rope_dims, c.head_dim));
  }
  c.rope_base = reader.positive_or("rope.freq_base", 10000.0F);
  c.rms_epsilon = reader.positive_or("attention.layer_norm_rms_epsilon", 1e-5F);
  const std::string scaling = reader.string_or("rope.scaling.type", "none");
  if (scaling == "linear") c.rope_scale = reader.positive_or("rope.scaling.factor", 1.0F);
  if (scaling != "linear" && scaling != "none") {
    reader.unsupported(str("rope scaling '{}', expected none or linear", printable(scaling)));
  }
  return c;
}

Layer read_layer(const Reader& reader, const Config& c, std::size_t index) {
  const auto named = [index](std::string_view role) {
    return str("blk.{}.{}.weight", index, role);
  };
  const std::size_t q_width = c.heads * c.head_dim;
  const std::size_t kv_width = c.kv_heads * c.head_dim;
  return {.attention_norm = reader.vector(named("attn_norm"), c.embedding),
          .query = reader.weight(named("attn_q"), q_width, c.embedding),
          .key = reader.weight(named("attn_k"), kv_width, c.embedding),
          .value = reader.weight(named("attn_v"), kv_width, c.embedding),
          .attention_output = reader.weight(named("attn_output"), c.embedding, q_width),
          .mlp_norm = reader.vector(named("ffn_norm"), c.embedding),
          .gate = reader.weight(named("ffn_gate"), c.feed_forward, c.embedding),
          .up = reader.weight(named("ffn_up"), c.feed_forward, c.embedding),
          .down = reader.weight(named("ffn_down"), c.embedding, c.feed_forward)};
}

}  // namespace

void describe_llama(const Reader& reader, Model& model) {
  Config& c = model.config;
  const std::string architecture = c.architecture;
  c = read_config(reader);
  c.architecture = architecture;
  c.vocab_size = static_cast<std::size_t>(reader.tensor("token_embd.weight").rows());

  model.token_embedding = reader.weight("token_embd.weight", c.vocab_size, c.embedding);
  model.output_norm = reader.vector("output_norm.weight", c.embedding);
  model.output = reader.has("output.weight")
                     ? reader.weight("output.weight", c.vocab_size, c.embedding)
                     : model.token_embedding;
  if (reader.has("rope_freqs.weight")) {
    model.rope_divisors = reader.vector("rope_freqs.weight", c.rope_dims / 2);
  }
  for (std::size_t layer = 0; layer < c.layers; ++layer) {
    model.layers.push_back(read_layer(reader, c, layer));
  }
}

}  // namespace frugal::model
