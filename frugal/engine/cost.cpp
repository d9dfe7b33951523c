#include "frugal/engine/cost.h"

#include <numeric>
#include <vector>

#include "frugal/engine/engine.h"
#include "frugal/kernels/activation.h"
#include "frugal/kernels/attend.h"
#include "frugal/kernels/elementwise.h"
#include "frugal/kernels/kv_page.h"
#include "frugal/kernels/matmul.h"
#include "frugal/kernels/norm.h"
#include "frugal/kernels/quantize.h"
#include "frugal/kernels/rope.h"

namespace frugal::engine {

namespace {

// Stored rows read and decoded to float.
Cost decode_rows_cost(const model::Weight& w, std::uint64_t rows) {
  return Cost{}.add(Traffic::kDram, rows * w.row_bytes).add(Traffic::kCache, 4 * rows * w.cols);
}

// x *= constant.
Cost scale_cost(std::uint64_t count) {
  return Cost{}.add(Op::kFloat, count).add(Traffic::kCache, 8 * count);
}

// Matrices that share one input: rounded once if any of them is stored in blocks.
Cost products_cost(std::initializer_list<const model::Linear*> linears, std::uint64_t batch) {
  Cost cost;
  bool blocks = false;
  for (const model::Linear* linear : linears) {
    cost += linear_cost(*linear, batch);
    blocks = blocks || kernels::wants_blocks(linear->weight.type);
  }
  if (blocks) cost += kernels::quantize_cost(batch, (*linears.begin())->weight.cols);
  return cost;
}

Cost layer_cost(const model::Config& c, const model::Layer& l, std::uint64_t batch,
                std::uint64_t past, KvType kv) {
  Cost cost = products_cost({&l.query, &l.key, &l.value}, batch);
  cost += rotate_and_store_cost(c, l, batch, kv);
  cost += attend_chunk_cost(c, l, past, batch, kv);
  cost += products_cost({&l.attention_output}, batch);
  const bool gated = c.activation != model::Activation::kGelu;
  cost += gated ? products_cost({&l.gate, &l.up}, batch) : products_cost({&l.up}, batch);
  cost += activation_cost(c, batch);
  cost += products_cost({&l.down}, batch);
  cost += 2 * kernels::add_cost(batch, c.embedding);
  for (const model::Norm* norm : {&l.attention_post_norm, &l.attention_end_norm, &l.mlp_norm,
                                  &l.mlp_post_norm, &l.mlp_end_norm}) {
    cost += norm_cost(c, *norm, batch, c.embedding);
  }
  return cost;
}

Cost logits_cost(const model::Model& m, const model::Norm& norm, std::uint64_t rows) {
  Cost cost = norm_cost(m.config, norm, rows, m.config.embedding);
  cost += products_cost({&m.output}, rows);
  if (m.config.logit_softcap > 0.0F) cost += kernels::softcap_cost(rows, m.config.vocab_size);
  return cost;
}

}  // namespace

Cost embed_cost(const model::Model& m, std::uint64_t rows) {
  const std::uint64_t width = m.config.embedding;
  Cost cost = decode_rows_cost(m.token_embedding, rows);
  if (m.config.embedding_scale != 1.0F) cost += scale_cost(rows * width);
  if (!m.position_embedding.empty()) {
    cost += decode_rows_cost(m.position_embedding, rows);
    cost += kernels::add_cost(rows, width);
  }
  if (!m.type_embedding.empty()) cost += kernels::add_cost(rows, width);
  cost += norm_cost(m.config, m.embedding_norm, rows, width);
  cost += norm_cost(m.config, m.layers.front().attention_norm, rows, width);
  return cost;
}

Cost norm_cost(const model::Config& c, const model::Norm& norm, std::uint64_t rows,
               std::uint64_t cols) {
  if (norm.empty()) return {};
  return c.norm == model::NormKind::kRms ? kernels::rms_norm_cost(rows, cols)
                                         : kernels::layer_norm_cost(rows, cols);
}

Cost linear_cost(const model::Linear& linear, std::uint64_t batch) {
  const model::Weight& w = linear.weight;
  Cost cost = kernels::matmul_cost(w.type, w.rows, w.cols, batch);
  if (!linear.bias.empty()) cost += kernels::add_cost(batch, w.rows);
  return cost;
}

Cost rotate_and_store_cost(const model::Config& c, const model::Layer& l, std::uint64_t batch,
                           KvType kv) {
  return rotate_query_cost(c, l, batch) + rotate_and_store_key_cost(c, l, batch, kv);
}

Cost rotate_query_cost(const model::Config& c, const model::Layer& l, std::uint64_t batch) {
  Cost cost = kernels::rope_cost(batch * c.heads, c.rope_dims / 2);
  cost += norm_cost(c, l.query_norm, batch * c.heads, c.head_dim);
  return cost += scale_cost(batch * c.heads * c.head_dim);
}

Cost rotate_and_store_key_cost(const model::Config& c, const model::Layer& l, std::uint64_t batch,
                               KvType kv) {
  const std::uint64_t stored = 2 * batch * c.kv_heads * c.head_dim;
  Cost cost = kernels::rope_cost(batch * c.kv_heads, c.rope_dims / 2);
  cost += norm_cost(c, l.key_norm, batch * c.kv_heads, c.head_dim);
  return cost.add(Traffic::kCache, 4 * stored)
      .add(Traffic::kDram, stored * kernels::kv_bytes_per_32(kv) / 32);
}

Cost attend_chunk_cost(const model::Config& c, const model::Layer& l, std::size_t past,
                       std::size_t tokens, KvType kv) {
  std::vector<std::size_t> all(tokens);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return attend_some_cost(c, l, past, all, tokens, kv);
}

Cost attend_some_cost(const model::Config& c, const model::Layer& l, std::size_t past,
                      std::span<const std::size_t> which, std::size_t tokens, KvType kv) {
  const std::size_t group = c.heads / c.kv_heads;
  const std::size_t step = attend_tokens(c);
  // Calls per cached head: a group too large for one call takes several.
  const std::size_t calls = (group + kernels::kAttendRows - 1) / kernels::kAttendRows;
  Cost cost;
  for (std::size_t t = 0; t < which.size(); t += step) {
    const std::size_t end = std::min(which.size(), t + step);
    std::uint64_t visible = 0;
    for (std::size_t i = t; i < end; ++i) {
      const Visible seen = visible_to(c, l, past, which[i], tokens);
      visible += seen.end - seen.begin;
    }
    const std::size_t positions = visible_to(c, l, past, which[end - 1], tokens).end -
                                  visible_to(c, l, past, which[t], tokens).begin;
    cost += c.kv_heads * kernels::attend_cost({.rows = (end - t) * group,
                                               .visible = visible * group,
                                               .positions = positions * calls,
                                               .head_dim = c.head_dim,
                                               .type = kv});
  }
  return cost;
}

Cost activation_cost(const model::Config& c, std::uint64_t batch) {
  switch (c.activation) {
    case model::Activation::kSiluGated:
      return kernels::silu_mul_cost(batch, c.feed_forward);
    case model::Activation::kGeluGated:
      return kernels::gelu_mul_cost(batch, c.feed_forward);
    case model::Activation::kGelu:
      return kernels::gelu_cost(batch, c.feed_forward);
  }
  return {};
}

Cost forward_cost(const model::Model& model, std::size_t tokens, std::size_t past,
                  std::size_t logit_rows, KvType kv) {
  const model::Config& c = model.config;
  Cost cost = embed_cost(model, tokens);
  cost += model.rotations.size() * rope_table_cost(tokens, c.rope_dims / 2);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    cost += layer_cost(c, model.layers[i], tokens, past, kv);
    if (i > 0) cost += norm_cost(c, model.layers[i].attention_norm, tokens, c.embedding);
  }
  return logit_rows > 0 ? cost += logits_cost(model, model.output_norm, logit_rows) : cost;
}

Cost exit_score_cost(const model::Model& model, const model::Norm& exit_norm, std::size_t rows) {
  return logits_cost(model, exit_norm, rows) + top_probability_cost(rows, model.config.vocab_size);
}

Cost early_exit_cost(const model::Model& model, std::size_t past, std::size_t exit, KvType kv) {
  const model::Config& c = model.config;
  Cost cost = embed_cost(model, 1);
  cost += model.rotations.size() * rope_table_cost(1, c.rope_dims / 2);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const model::Layer& layer = model.layers[i];
    if (i > 0) cost += norm_cost(c, layer.attention_norm, 1, c.embedding);
    if (i > exit) {
      cost += products_cost({&layer.key, &layer.value}, 1);
      cost += rotate_and_store_key_cost(c, layer, 1, kv);
      continue;
    }
    cost += layer_cost(c, layer, 1, past, kv);
    if (!layer.exit_norm.empty()) cost += exit_score_cost(model, layer.exit_norm, 1);
  }
  return cost;
}

}  // namespace frugal::engine
