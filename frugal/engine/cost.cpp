#include "frugal/engine/cost.h"

#include "frugal/engine/engine.h"
#include "frugal/kernels/activation.h"
#include "frugal/kernels/attend.h"
#include "frugal/kernels/elementwise.h"
#include "frugal/kernels/matmul.h"
#include "frugal/kernels/quantize.h"
#include "frugal/kernels/rms_norm.h"
#include "frugal/kernels/rope.h"

// The same sum as the forward pass adds up while it runs, written from the network's description:
// each is the test of the other.

namespace frugal::engine {

Cost decode_rows_cost(DType type, std::uint64_t rows, std::uint64_t cols) {
  const std::uint64_t stored = rows * row_bytes(type, cols).value();
  return Cost{}.add(Traffic::kDram, stored).add(Traffic::kCache, 4 * rows * cols);
}

namespace {

// Matrices that share one input: rounded once if any of them is stored in blocks.
Cost products_cost(std::initializer_list<const model::Weight*> weights, std::uint64_t batch) {
  Cost cost;
  bool blocks = false;
  for (const model::Weight* w : weights) {
    cost += kernels::matmul_cost(w->type, w->rows, w->cols, batch);
    blocks = blocks || kernels::wants_blocks(w->type);
  }
  if (blocks) cost += kernels::quantize_cost(batch, (*weights.begin())->cols);
  return cost;
}

Cost layer_cost(const model::Config& c, const model::Layer& l, std::uint64_t batch,
                std::uint64_t past, std::uint64_t element_bytes) {
  const std::uint64_t pairs = c.rope_dims / 2;
  Cost cost = 2 * kernels::rms_norm_cost(batch, c.embedding);
  cost += products_cost({&l.query, &l.key, &l.value}, batch);
  cost += kernels::rope_cost(batch * (c.heads + c.kv_heads), pairs);
  cost += scale_cost(batch * c.heads * c.head_dim);
  cost += store_cost(2 * batch * c.kv_heads * c.head_dim, element_bytes);
  for (std::uint64_t t = 0; t < batch; ++t) {
    cost += kernels::attend_cost({c.heads, c.kv_heads, c.head_dim, element_bytes}, past + t + 1);
  }
  cost += products_cost({&l.attention_output}, batch);
  cost += products_cost({&l.gate, &l.up}, batch);
  cost += kernels::silu_mul_cost(batch, c.feed_forward);
  cost += products_cost({&l.down}, batch);
  cost += 2 * kernels::add_cost(batch, c.embedding);
  return cost;
}

}  // namespace

Cost forward_cost(const model::Model& model, std::size_t tokens, std::size_t past,
                  std::size_t logit_rows, KvType kv) {
  const model::Config& c = model.config;
  const std::uint64_t element_bytes = kv == KvType::kF32 ? 4 : 2;
  Cost cost = decode_rows_cost(model.token_embedding.type, tokens, c.embedding);
  cost += rope_table_cost(tokens, c.rope_dims / 2);
  for (const model::Layer& layer : model.layers) {
    cost += layer_cost(c, layer, tokens, past, element_bytes);
  }
  if (logit_rows > 0) {
    cost += kernels::rms_norm_cost(logit_rows, c.embedding);
    cost += products_cost({&model.output}, logit_rows);
  }
  return cost;
}

}  // namespace frugal::engine
