#include "frugal/engine/forward_pass.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "frugal/base/clock.h"
#include "frugal/engine/cost.h"
#include "frugal/kernels/activation.h"
#include "frugal/kernels/elementwise.h"
#include "frugal/kernels/kv_page.h"
#include "frugal/kernels/norm.h"
#include "frugal/kernels/quantize.h"
#include "frugal/kernels/rope.h"
#include "frugal/tensor/codec.h"

// A batch is a list of chunks: consecutive tokens of one sequence each.  To the matrix products all
// rows are alike, so that a weight is read once for the whole batch; attention alone knows whose
// row is whose.  Every step is a fork and join over the team: products are split by rows of the
// weight, attention by (tokens, heads) tasks, the rest by row; a step too small to be worth a fork
// runs where it is.
//
// No row's arithmetic depends on which other rows are in the batch, so a sequence gets the same
// tokens whatever shares its batch.

namespace frugal::engine {

namespace {

// Rows of a weight per share: a multiple of what any kernel computes at once.
constexpr std::size_t kRowGrain = 16;
// Multiply-adds, about 5 µs of them, below which a share is not worth waking a thread for.
constexpr std::size_t kShareWork = 65536;

kernels::StoredMatrix stored(const model::Weight& w) {
  return {.type = w.type, .data = w.data, .rows = w.rows, .cols = w.cols, .row_bytes = w.row_bytes};
}

}  // namespace

ForwardPass::ForwardPass(const model::Model& model, const kernels::Kernels& kernels,
                         ThreadPool& pool, Scratch& scratch, float exit_confidence)
    : model_(model),
      config_(model.config),
      kernels_(kernels),
      pool_(pool),
      scratch_(scratch),
      exit_confidence_(exit_confidence) {}

void ForwardPass::run(std::span<const Chunk> chunks) {
  lay_out(chunks);
  embed();
  prepare_turns();
  plan_attention();
  layer_times_.clear();
  Seconds entered = monotonic_now();
  const model::Norm none{};  // after the last layer: the final norm is for chosen rows only
  for (std::size_t index = 0; index < model_.layers.size(); ++index) {
    const bool last = index + 1 == model_.layers.size();
    const model::Norm& next = last ? none : model_.layers[index + 1].attention_norm;
    attention(model_.layers[index], index);
    if (going_ > 0) mlp(model_.layers[index], next);
    carry(next);
    if (!last) leave(index);
    const Seconds left = monotonic_now();
    layer_times_.push_back(left - entered);
    entered = left;
  }
  for (const Chunk& chunk : chunks) chunk.cache->advance(chunk.tokens.size());
}

void ForwardPass::lay_out(std::span<const Chunk> chunks) {
  chunks_ = chunks;
  places_.clear();
  own_costs_.assign(chunks.size(), Cost{});
  skipped_layers_.assign(chunks.size(), 0);
  std::size_t exits = 0;
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    for (std::size_t t = 0; t < chunks[c].tokens.size(); ++t) {
      const bool may_exit = exit_confidence_ > 0.0F && t >= chunks[c].exits_from;
      places_.push_back({c, chunks[c].cache->size() + t, places_.size(), may_exit});
      exits += may_exit ? 1 : 0;
    }
  }
  batch_ = going_ = places_.size();
  left_ = 0;
  row_of_.resize(batch_);
  std::iota(row_of_.begin(), row_of_.end(), std::size_t{0});
  exit_row_of_.assign(batch_, kNone);
  scratch_.fit(model_, batch_, exits);
}

void ForwardPass::final_norm(std::span<const std::size_t> rows, const model::Norm& norm,
                             MatrixView<float> out) {
  const MatrixView<float> all = scratch_.residual.view();
  each_row(out.rows, config_.embedding, [&](std::size_t r) {
    if (norm.empty()) {
      std::copy_n(all.row(rows[r]), out.cols, out.row(r));
    } else {
      norm_row(norm, all.row(rows[r]), out.row(r), out.cols);
    }
  });
  count_norm(norm, out.rows, out.cols);
}

void ForwardPass::score(const model::Norm& norm, std::span<const std::size_t> rows,
                        MatrixView<float> out) {
  const MatrixView<float> normed = scratch_.chosen.shape(out.rows, config_.embedding);
  final_norm(rows, norm, normed);
  multiply(read_only(normed), {{&model_.output, out}});
  if (config_.logit_softcap <= 0.0F) return;
  each_row(out.rows, out.cols, [&](std::size_t r) {
    kernels_.softcap_row(out.row(r), config_.logit_softcap, out.cols);
  });
  cost_ += kernels::softcap_cost(out.rows, out.cols);
}

void ForwardPass::embed() {
  each_row(batch_, config_.embedding, [this](std::size_t row) { embed_row(row); });
  cost_ += embed_cost(model_, batch_);
}

void ForwardPass::embed_row(std::size_t row) {
  const MatrixView<float> x = scratch_.residual.view();
  const MatrixView<float> normed = scratch_.normed.view();
  const Place& place = places_[row];
  const Chunk& chunk = chunks_[place.chunk];
  const auto token = static_cast<std::size_t>(chunk.tokens[place.position - chunk.cache->size()]);
  float* out = x.row(row);
  const auto read = [&](const model::Weight& w, std::size_t r, float* to) {
    decode_row(w.type, w.data + (r * w.row_bytes), {to, x.cols});
  };
  read(model_.token_embedding, token, out);
  if (config_.embedding_scale != 1.0F) {
    for (std::size_t c = 0; c < x.cols; ++c) out[c] *= config_.embedding_scale;
  }
  if (!model_.position_embedding.empty()) {
    read(model_.position_embedding, place.position, normed.row(row));
    kernels_.add_row(out, normed.row(row), x.cols);
  }
  if (!model_.type_embedding.empty()) kernels_.add_row(out, model_.type_embedding.data(), x.cols);
  if (!model_.embedding_norm.empty()) norm_row(model_.embedding_norm, out, out, x.cols);
  const model::Norm& first = model_.layers.front().attention_norm;
  if (!first.empty()) norm_row(first, out, normed.row(row), x.cols);
}

void ForwardPass::prepare_turns() {
  for (std::size_t i = 0; i < model_.rotations.size(); ++i) {
    prepare_turn(model_.rotations[i], scratch_.turns[i]);
  }
  cost_ += model_.rotations.size() * rope_table_cost(batch_, config_.rope_dims / 2);
}

// angle(p, i) = p * frequencies[i]
void ForwardPass::prepare_turn(const model::Rotation& rotation, Turn& turn) {
  const std::size_t pairs = config_.rope_dims / 2;
  const MatrixView<float> cosines = turn.cosines.view();
  const MatrixView<float> sines = turn.sines.view();
  each_row(batch_, 64 * pairs, [&](std::size_t row) {
    const Place& place = places_[row];
    const model::Angles& angles = rotation.angles_for(chunks_[place.chunk].cache->capacity());
    for (std::size_t i = 0; i < pairs; ++i) {
      const double angle = static_cast<double>(place.position) * angles.frequencies[i];
      cosines.row(row)[i] = static_cast<float>(std::cos(angle)) * angles.magnitude;
      sines.row(row)[i] = static_cast<float>(std::sin(angle)) * angles.magnitude;
    }
  });
}

void ForwardPass::attention(const model::Layer& layer, std::size_t index) {
  const MatrixView<float> x = scratch_.residual.view();
  const MatrixView<float> normed = scratch_.normed.view();
  const MatrixView<const float> input = read_only(layer.attention_norm.empty() ? x : normed);
  const Product query{&layer.query, first_rows(scratch_.query.view(), going_)};
  const Product key{&layer.key, scratch_.key.view()};
  const Product value{&layer.value, scratch_.value.view()};
  if (going_ == batch_) {
    multiply(input, {query, key, value});
  } else {
    multiply(input, {key, value});
    if (going_ > 0) multiply(first_rows(input, going_), {query});
  }
  rotate_and_store(layer, index);
  if (going_ == 0) return;
  attend(layer, index);
  multiply(read_only(first_rows(scratch_.attended.view(), going_)),
           {{&layer.attention_output, first_rows(scratch_.delta.view(), going_)}});
  join(layer.attention_post_norm, layer.attention_end_norm, layer.mlp_norm);
}

void ForwardPass::rotate_and_store(const model::Layer& layer, std::size_t index) {
  each_row(batch_, 4 * (config_.heads + config_.kv_heads) * config_.head_dim,
           [&](std::size_t row) { rotate_and_store_row(layer, index, row); });
  if (going_ > 0) cost_ += rotate_query_cost(config_, layer, going_);
  cost_ += rotate_and_store_key_cost(config_, layer, batch_, chunks_.front().cache->type());
}

void ForwardPass::rotate_and_store_row(const model::Layer& layer, std::size_t index,
                                       std::size_t row) {
  const std::size_t pairs = config_.rope_dims / 2;
  const std::size_t dim = config_.head_dim;
  float* query = scratch_.query.view().row(row);
  float* key = scratch_.key.view().row(row);
  const float* value = scratch_.value.view().row(row);
  const Place& place = places_[row];
  const auto prepare = [&](float* heads, std::size_t count, const model::Norm& norm) {
    for (std::size_t h = 0; h < count; ++h) {
      if (!norm.empty()) norm_row(norm, heads + (h * dim), heads + (h * dim), dim);
      if (pairs == 0) continue;
      Turn& turn = scratch_.turns[layer.rotation];
      const float* cosines = turn.cosines.view().row(place.token);
      const float* sines = turn.sines.view().row(place.token);
      const auto rotate = config_.rope_pairs == model::RopePairs::kHalves ? kernels_.rope_halves_row
                                                                          : kernels_.rope_row;
      rotate(heads + (h * dim), cosines, sines, pairs);
    }
  };
  prepare(key, config_.kv_heads, layer.key_norm);
  if (row < going_) {
    prepare(query, config_.heads, layer.query_norm);
    // The scale of the scores is put into the query once.
    for (std::size_t c = 0; c < config_.heads * dim; ++c) query[c] *= config_.query_scale;
  }

  KvCache& cache = *chunks_[place.chunk].cache;
  const PageId page = cache.pages()[place.position / kernels::kPagePositions];
  for (std::size_t h = 0; h < config_.kv_heads; ++h) {
    kernels::store_kv(kernels_,
                      {.type = cache.type(),
                       .head_dim = dim,
                       .block = cache.pool().block(page, index, h),
                       .position = place.position % kernels::kPagePositions},
                      key + (h * dim), value + (h * dim));
  }
}

// Heads of one group and neighbouring tokens read the same keys, so a task takes as many of both as
// the kernel does at once.
void ForwardPass::plan_attention() {
  attend_tasks_.clear();
  for (std::size_t row = 0; row < going_;) {
    const std::size_t end = end_of_chunk(row);
    plan_attention(row, end);
    row = end;
  }
}

// Rows that go on lie in the order of their tokens, those of a chunk beside each other.
std::size_t ForwardPass::end_of_chunk(std::size_t row) const {
  std::size_t end = row;
  while (end < going_ && places_[end].chunk == places_[row].chunk) ++end;
  return end;
}

void ForwardPass::plan_attention(std::size_t first_row, std::size_t end_row) {
  const std::size_t group = config_.heads / config_.kv_heads;
  const std::size_t heads = std::min(group, kernels::kAttendRows);
  const std::size_t tokens = attend_tokens(config_);
  for (std::size_t row = first_row; row < end_row; row += tokens) {
    for (std::size_t head = 0; head < config_.heads;) {
      const std::size_t end_of_group = (head / group * group) + group;
      const std::size_t here = std::min(heads, end_of_group - head);
      attend_tasks_.push_back({row, std::min(tokens, end_row - row), head, here});
      head += here;
    }
  }
}

void ForwardPass::attend_task(const AttendTask& task, const model::Layer& layer,
                              std::size_t index) const {
  const std::size_t dim = config_.head_dim;
  const MatrixView<float> query = scratch_.query.view();
  const MatrixView<float> attended = scratch_.attended.view();
  const Chunk& chunk = chunks_[places_[task.first_row].chunk];
  KvCache& cache = *chunk.cache;
  std::array<const float*, kernels::kAttendRows> q{};
  std::array<float*, kernels::kAttendRows> out{};
  std::array<std::size_t, kernels::kAttendRows> begin{};
  std::array<std::size_t, kernels::kAttendRows> end{};
  std::size_t rows = 0;
  for (std::size_t row = task.first_row; row < task.first_row + task.rows; ++row) {
    const Visible visible =
        visible_to(config_, layer, cache.size(), token_of(places_[row]), chunk.tokens.size());
    for (std::size_t h = task.head; h < task.head + task.heads; ++h, ++rows) {
      q[rows] = query.row(row) + (h * dim);
      out[rows] = attended.row(row) + (h * dim);
      begin[rows] = visible.begin;
      end[rows] = visible.end;
    }
  }
  const std::size_t kv_head = task.head / (config_.heads / config_.kv_heads);
  thread_local std::vector<const std::byte*> blocks;
  blocks.clear();
  for (const PageId page : cache.pages()) {
    blocks.push_back(cache.pool().block(page, index, kv_head));
  }
  kernels::attend(kernels_, cache.type(),
                  {.q = q.data(),
                   .rows = rows,
                   .begin = begin.data(),
                   .end = end.data(),
                   .pages = blocks.data(),
                   .head_dim = dim,
                   .softcap = config_.attention_softcap,
                   .out = out.data()});
}

void ForwardPass::attend(const model::Layer& layer, std::size_t index) {
  std::size_t work = 0;
  std::vector<std::size_t> tokens;
  for (std::size_t row = 0; row < going_;) {
    const std::size_t c = places_[row].chunk;
    tokens.clear();
    for (const std::size_t end = end_of_chunk(row); row < end; ++row) {
      tokens.push_back(token_of(places_[row]));
    }
    const Cost cost = attend_some_cost(config_, layer, chunks_[c].cache->size(), tokens,
                                       chunks_[c].tokens.size(), chunks_[c].cache->type());
    own_costs_[c] += cost;
    cost_ += cost;
    work += cost.op(Op::kFloat) / 2;
  }
  if (work < 2 * kShareWork) {
    for (const AttendTask& task : attend_tasks_) attend_task(task, layer, index);
    return;
  }
  // Later tokens see more positions: dealing the tasks out in turn keeps the members even.
  const std::size_t members = pool_.size();
  pool_.run([&](std::size_t member) {
    for (std::size_t i = member; i < attend_tasks_.size(); i += members) {
      attend_task(attend_tasks_[i], layer, index);
    }
  });
}

void ForwardPass::mlp(const model::Layer& layer, const model::Norm& next) {
  const std::size_t width = config_.feed_forward;
  const MatrixView<float> x = scratch_.residual.view();
  const MatrixView<float> normed = scratch_.normed.view();
  const MatrixView<const float> input =
      read_only(first_rows(layer.mlp_norm.empty() ? x : normed, going_));
  const MatrixView<float> gate = first_rows(scratch_.gate.view(), going_);
  const MatrixView<float> up = first_rows(scratch_.up.view(), going_);
  if (config_.activation == model::Activation::kGelu) {
    multiply(input, {{&layer.up, up}});
    each_row(going_, 8 * width,
             [&](std::size_t r) { kernels_.gelu_row(up.row(r), gate.row(r), width); });
  } else {
    multiply(input, {{&layer.gate, gate}, {&layer.up, up}});
    const auto gated = config_.activation == model::Activation::kSiluGated ? kernels_.silu_mul_row
                                                                           : kernels_.gelu_mul_row;
    each_row(going_, 8 * width,
             [&](std::size_t r) { gated(gate.row(r), up.row(r), gate.row(r), width); });
  }
  cost_ += activation_cost(config_, going_);
  multiply(read_only(gate), {{&layer.down, first_rows(scratch_.delta.view(), going_)}});
  join(layer.mlp_post_norm, layer.mlp_end_norm, next);
}

void ForwardPass::join(const model::Norm& post, const model::Norm& end, const model::Norm& next) {
  const std::size_t width = config_.embedding;
  const MatrixView<float> x = scratch_.residual.view();
  const MatrixView<float> delta = scratch_.delta.view();
  const MatrixView<float> normed = scratch_.normed.view();
  each_row(going_, 4 * width, [&](std::size_t r) {
    if (!post.empty()) norm_row(post, delta.row(r), delta.row(r), width);
    kernels_.add_row(x.row(r), delta.row(r), width);
    if (!end.empty()) norm_row(end, x.row(r), x.row(r), width);
    if (!next.empty()) norm_row(next, x.row(r), normed.row(r), width);
  });
  cost_ += kernels::add_cost(going_, width);
  count_norm(post, going_, width);
  count_norm(end, going_, width);
  count_norm(next, going_, width);
}

void ForwardPass::norm_row(const model::Norm& norm, const float* x, float* out,
                           std::size_t cols) const {
  if (config_.norm == model::NormKind::kRms) {
    kernels_.rms_norm_row(x, norm.gain.data(), config_.norm_epsilon, out, cols);
  } else {
    kernels_.layer_norm_row(x, norm.gain.data(), norm.bias.data(), config_.norm_epsilon, out, cols);
  }
}

void ForwardPass::count_norm(const model::Norm& norm, std::size_t rows, std::size_t cols) {
  cost_ += norm_cost(config_, norm, rows, cols);
}

void ForwardPass::tell(MatrixView<const float> x, std::initializer_list<Product> products) {
  std::vector<const model::Weight*> weights;
  for (const Product& product : products) weights.push_back(&product.linear->weight);
  watch_(weights, x);
}

void ForwardPass::multiply(MatrixView<const float> x, std::initializer_list<Product> products) {
  if (watch_) tell(x, products);
  const bool blocks = std::any_of(products.begin(), products.end(), [](const Product& product) {
    return kernels::wants_blocks(product.linear->weight.type);
  });
  kernels::Activations input{.x = x};
  if (blocks) {
    scratch_.quantized.resize(x.rows, x.cols);
    each_row(x.rows, 4 * x.cols, [&](std::size_t r) {
      const MatrixView<const float> row{x.row(r), 1, x.cols, x.stride};
      kernels::quantize(kernels_, row, scratch_.quantized, r);
    });
    input.quantized = scratch_.quantized.view();
    cost_ += kernels::quantize_cost(x.rows, x.cols);
  }
  std::size_t rows = 0;
  for (const Product& product : products) {
    rows += product.linear->weight.rows;
    cost_ += linear_cost(*product.linear, x.rows);
  }
  const std::size_t worth = kShareWork / (x.cols * x.rows);
  const std::size_t grain = std::max<std::size_t>(1, worth / kRowGrain) * kRowGrain;
  pool_.parallel_for(rows, grain, [&](std::size_t begin, std::size_t end) {
    multiply_rows({products.begin(), products.size()}, input, begin, end);
  });
}

void ForwardPass::multiply_rows(std::span<const Product> products,
                                const kernels::Activations& input, std::size_t begin,
                                std::size_t end) const {
  std::size_t first = 0;  // of this product among the rows of all
  for (const Product& product : products) {
    const model::Linear& linear = *product.linear;
    const std::size_t rows = linear.weight.rows;
    const std::size_t from = std::max(begin, first);
    const std::size_t to = std::min(end, first + rows);
    if (from < to) {
      kernels::matmul(kernels_, stored(linear.weight), input, from - first, to - first,
                      product.out);
      for (std::size_t n = 0; n < product.out.rows && !linear.bias.empty(); ++n) {
        kernels_.add_row(product.out.row(n) + (from - first), linear.bias.data() + (from - first),
                         to - from);
      }
    }
    first += rows;
  }
}

void ForwardPass::each_row(std::size_t rows, std::size_t work_per_row,
                           const std::function<void(std::size_t row)>& body) {
  const std::size_t grain =
      std::max<std::size_t>(1, kShareWork / std::max<std::size_t>(1, work_per_row));
  pool_.parallel_for(rows, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace frugal::engine
