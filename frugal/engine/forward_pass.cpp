#include "frugal/engine/forward_pass.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "frugal/engine/cost.h"
#include "frugal/kernels/activation.h"
#include "frugal/kernels/attend.h"
#include "frugal/kernels/elementwise.h"
#include "frugal/kernels/quantize.h"
#include "frugal/kernels/rms_norm.h"
#include "frugal/kernels/rope.h"
#include "frugal/tensor/codec.h"

// A batch is a run of consecutive tokens of one sequence.  Every step below is a fork and join over
// the team: matrix products are split by rows of the weight, so that each weight byte is read by
// one thread; attention by (token, head); the rest by token.

namespace frugal::engine {

namespace {

// Rows of a weight per share: a multiple of what any kernel computes at once.
constexpr std::size_t kRowGrain = 16;

kernels::StoredMatrix stored(const model::Weight& w) {
  return {.type = w.type, .data = w.data, .rows = w.rows, .cols = w.cols, .row_bytes = w.row_bytes};
}

}  // namespace

ForwardPass::ForwardPass(const model::Model& model, const kernels::Kernels& kernels,
                         ThreadPool& pool, Scratch& scratch)
    : model_(model), config_(model.config), kernels_(kernels), pool_(pool), scratch_(scratch) {}

void ForwardPass::run(KvCache& cache, std::span<const text::TokenId> tokens) {
  batch_ = tokens.size();
  embed(tokens);
  prepare_rotation(cache.size(), batch_);
  for (std::size_t index = 0; index < model_.layers.size(); ++index) {
    attention(model_.layers[index], index, cache);
    mlp(model_.layers[index]);
  }
  cache.advance(batch_);
}

void ForwardPass::logits(MatrixView<float> out) {
  const MatrixView<float> all = scratch_.residual.shape(batch_, config_.embedding);
  const std::size_t first = batch_ - out.rows;
  const MatrixView<const float> last{all.row(first), out.rows, all.cols, all.stride};
  const MatrixView<float> normed = scratch_.normed.shape(out.rows, config_.embedding);
  norm(last, model_.output_norm, normed);
  multiply({normed.data, normed.rows, normed.cols, normed.stride}, {{&model_.output, out}});
}

void ForwardPass::embed(std::span<const text::TokenId> tokens) {
  const model::Weight& w = model_.token_embedding;
  const MatrixView<float> x = scratch_.residual.shape(batch_, config_.embedding);
  for (std::size_t t = 0; t < batch_; ++t) {
    const std::byte* row = w.data + (static_cast<std::size_t>(tokens[t]) * w.row_bytes);
    decode_row(w.type, row, {x.row(t), x.cols});
  }
  cost_ += decode_rows_cost(w.type, batch_, w.cols);
}

// angle(p, i) = p / scale / (base^(2i / rope_dims) * divisor_i)
void ForwardPass::prepare_rotation(std::size_t first_position, std::size_t count) {
  const std::size_t pairs = config_.rope_dims / 2;
  const MatrixView<float> cosines = scratch_.cosines.shape(count, pairs);
  const MatrixView<float> sines = scratch_.sines.shape(count, pairs);
  const auto width = static_cast<double>(config_.rope_dims);
  for (std::size_t i = 0; i < pairs; ++i) {
    const double divisor = model_.rope_divisors.empty() ? 1.0 : model_.rope_divisors[i];
    const double frequency =
        std::pow(static_cast<double>(config_.rope_base), -2.0 * static_cast<double>(i) / width) /
        (divisor * static_cast<double>(config_.rope_scale));
    for (std::size_t t = 0; t < count; ++t) {
      const double angle = static_cast<double>(first_position + t) * frequency;
      cosines.row(t)[i] = static_cast<float>(std::cos(angle));
      sines.row(t)[i] = static_cast<float>(std::sin(angle));
    }
  }
  cost_ += rope_table_cost(count, pairs);
}

void ForwardPass::attention(const model::Layer& layer, std::size_t index, KvCache& cache) {
  const std::size_t q_width = config_.heads * config_.head_dim;
  const MatrixView<float> x = scratch_.residual.shape(batch_, config_.embedding);
  const MatrixView<float> normed = scratch_.normed.shape(batch_, config_.embedding);
  norm({x.data, x.rows, x.cols, x.stride}, layer.attention_norm, normed);
  multiply({normed.data, normed.rows, normed.cols, normed.stride},
           {{&layer.query, scratch_.query.shape(batch_, q_width)},
            {&layer.key, scratch_.key.shape(batch_, cache.width())},
            {&layer.value, scratch_.value.shape(batch_, cache.width())}});
  rotate_and_store(index, cache);
  attend(index, cache);
  const MatrixView<float> attended = scratch_.attended.shape(batch_, q_width);
  multiply({attended.data, attended.rows, attended.cols, attended.stride},
           {{&layer.attention_output, scratch_.delta.shape(batch_, config_.embedding)}});
  add_delta();
}

void ForwardPass::rotate_and_store(std::size_t index, KvCache& cache) {
  const std::size_t pairs = config_.rope_dims / 2;
  const std::size_t head_dim = config_.head_dim;
  const MatrixView<float> query = scratch_.query.shape(batch_, config_.heads * head_dim);
  const MatrixView<float> key = scratch_.key.shape(batch_, cache.width());
  const MatrixView<float> value = scratch_.value.shape(batch_, cache.width());
  const MatrixView<float> cosines = scratch_.cosines.shape(batch_, pairs);
  const MatrixView<float> sines = scratch_.sines.shape(batch_, pairs);
  // 1 / sqrt(head_dim) of the attention scores is put into the query once.
  const float scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
  const auto store = [&](const float* row, std::byte* to) {
    if (cache.type() == KvType::kF32) {
      std::copy_n(row, cache.width(), reinterpret_cast<float*>(to));
    } else {
      kernels_.store_f16_row(row, reinterpret_cast<std::uint16_t*>(to), cache.width());
    }
  };
  pool_.parallel_for(batch_, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      for (std::size_t h = 0; h < config_.heads; ++h) {
        kernels_.rope_row(query.row(t) + (h * head_dim), cosines.row(t), sines.row(t), pairs);
      }
      for (std::size_t c = 0; c < query.cols; ++c) query.row(t)[c] *= scale;
      for (std::size_t h = 0; h < config_.kv_heads; ++h) {
        kernels_.rope_row(key.row(t) + (h * head_dim), cosines.row(t), sines.row(t), pairs);
      }
      store(key.row(t), cache.key(index, cache.size() + t));
      store(value.row(t), cache.value(index, cache.size() + t));
    }
  });
  cost_ += kernels::rope_cost(batch_ * (config_.heads + config_.kv_heads), pairs);
  cost_ += scale_cost(batch_ * query.cols);
  cost_ += store_cost(2 * batch_ * cache.width(), cache.type() == KvType::kF32 ? 4 : 2);
}

void ForwardPass::attend(std::size_t index, KvCache& cache) {
  const std::size_t head_dim = config_.head_dim;
  const std::size_t group = config_.heads / config_.kv_heads;
  const std::size_t past = cache.size();
  const MatrixView<float> query = scratch_.query.shape(batch_, config_.heads * head_dim);
  const MatrixView<float> out = scratch_.attended.shape(batch_, config_.heads * head_dim);
  const MatrixView<float> scores = scratch_.scores.shape(pool_.size(), past + batch_);
  const std::byte* keys = cache.key(index, 0);
  const std::byte* values = cache.value(index, 0);

  const auto one = [&]<class T>(std::size_t t, std::size_t h, float* scratch, T /*element*/,
                                void (*kernel)(const kernels::AttendArgs<T>&)) {
    const std::size_t column = h / group * head_dim;
    kernel({.q = query.row(t) + (h * head_dim),
            .keys = reinterpret_cast<const T*>(keys) + column,
            .values = reinterpret_cast<const T*>(values) + column,
            .stride = cache.width(),
            .count = past + t + 1,
            .head_dim = head_dim,
            .scores = scratch,
            .out = out.row(t) + (h * head_dim)});
  };
  // Later tokens see more positions: dealing the tasks out in turn keeps the members even.
  const std::size_t members = pool_.size();
  pool_.run([&](std::size_t member) {
    for (std::size_t task = member; task < batch_ * config_.heads; task += members) {
      const std::size_t t = task / config_.heads;
      const std::size_t h = task % config_.heads;
      if (cache.type() == KvType::kF32) {
        one(t, h, scores.row(member), float{}, kernels_.attend_f32);
      } else {
        one(t, h, scores.row(member), std::uint16_t{}, kernels_.attend_f16);
      }
    }
  });
  const std::size_t element_bytes = cache.type() == KvType::kF32 ? 4 : 2;
  for (std::size_t t = 0; t < batch_; ++t) {
    cost_ += kernels::attend_cost({config_.heads, config_.kv_heads, head_dim, element_bytes},
                                  past + t + 1);
  }
}

void ForwardPass::mlp(const model::Layer& layer) {
  const MatrixView<float> x = scratch_.residual.shape(batch_, config_.embedding);
  const MatrixView<float> normed = scratch_.normed.shape(batch_, config_.embedding);
  const MatrixView<float> gate = scratch_.gate.shape(batch_, config_.feed_forward);
  const MatrixView<float> up = scratch_.up.shape(batch_, config_.feed_forward);
  norm({x.data, x.rows, x.cols, x.stride}, layer.mlp_norm, normed);
  multiply({normed.data, normed.rows, normed.cols, normed.stride},
           {{&layer.gate, gate}, {&layer.up, up}});
  pool_.parallel_for(batch_ * config_.feed_forward, 256, [&](std::size_t begin, std::size_t end) {
    kernels_.silu_mul_row(gate.data + begin, up.data + begin, gate.data + begin, end - begin);
  });
  cost_ += kernels::silu_mul_cost(batch_, config_.feed_forward);
  multiply({gate.data, gate.rows, gate.cols, gate.stride},
           {{&layer.down, scratch_.delta.shape(batch_, config_.embedding)}});
  add_delta();
}

void ForwardPass::norm(MatrixView<const float> x, const std::vector<float>& gain,
                       MatrixView<float> out) {
  pool_.parallel_for(x.rows, 1, [&](std::size_t begin, std::size_t end) {
    const MatrixView<const float> part{x.row(begin), end - begin, x.cols, x.stride};
    kernels::rms_norm(kernels_, part, gain.data(), config_.rms_epsilon,
                      {out.row(begin), end - begin, out.cols, out.stride});
  });
  cost_ += kernels::rms_norm_cost(x.rows, x.cols);
}

void ForwardPass::multiply(MatrixView<const float> x, std::initializer_list<Product> products) {
  const bool blocks = std::any_of(products.begin(), products.end(), [](const Product& product) {
    return kernels::wants_blocks(product.weight->type);
  });
  kernels::Activations input{.x = x};
  if (blocks) {
    const std::size_t per_row = x.cols / BlockQ8_0::kElements;
    if (scratch_.blocks.size() < x.rows * per_row) scratch_.blocks.resize(x.rows * per_row);
    pool_.parallel_for(x.rows, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r) {
        kernels_.quantize_row(x.row(r), scratch_.blocks.data() + (r * per_row), x.cols);
      }
    });
    input.blocks = scratch_.blocks.data();
    cost_ += kernels::quantize_cost(x.rows, x.cols);
  }
  std::size_t rows = 0;
  for (const Product& product : products) {
    rows += product.weight->rows;
    cost_ += kernels::matmul_cost(product.weight->type, product.weight->rows, x.cols, x.rows);
  }
  pool_.parallel_for(rows, kRowGrain, [&](std::size_t begin, std::size_t end) {
    multiply_rows({products.begin(), products.size()}, input, begin, end);
  });
}

void ForwardPass::multiply_rows(std::span<const Product> products,
                                const kernels::Activations& input, std::size_t begin,
                                std::size_t end) const {
  std::size_t first = 0;  // of this product among the rows of all
  for (const Product& product : products) {
    const std::size_t rows = product.weight->rows;
    const std::size_t from = std::max(begin, first);
    const std::size_t to = std::min(end, first + rows);
    if (from < to) {
      kernels::matmul(kernels_, stored(*product.weight), input, from - first, to - first,
                      product.out);
    }
    first += rows;
  }
}

void ForwardPass::add_delta() {
  const MatrixView<float> x = scratch_.residual.shape(batch_, config_.embedding);
  const MatrixView<float> delta = scratch_.delta.shape(batch_, config_.embedding);
  pool_.parallel_for(batch_, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      kernels_.add_row(x.row(t), delta.row(t), config_.embedding);
    }
  });
  cost_ += kernels::add_cost(batch_, config_.embedding);
}

}  // namespace frugal::engine
