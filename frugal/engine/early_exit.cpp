#include <algorithm>
#include <cmath>

#include "frugal/engine/cost.h"
#include "frugal/engine/forward_pass.h"
#include "frugal/kernels/elementwise.h"

// Rows that are sure early.  After a layer with an exit, the rows that may stop there are scored by
// the exit's norm and the model's output matrix; where the likeliest token is probable enough, that
// is the row's answer.  Such a row changes places with those that go on, so that products of the
// layers behind run over the first rows alone.  What it was at the exit stands for what it would
// have become: each deeper layer makes its key and value of that, and writes them where later
// tokens look.
//
// Whether a row stops depends on that row alone: neither on what shares the batch nor on how tokens
// are spread over passes.
//
// Source: Schuster et al. 2022, arXiv:2207.07061 (confidence by softmax, state propagation);
// Elbayad et al. 2020, arXiv:1910.10073.

namespace frugal::engine {

namespace {

// exp(max) / sum_i exp(x_i)
float top_probability(const float* logits, std::size_t count) {
  const float top = *std::max_element(logits, logits + count);
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(std::exp(logits[i] - top));
  return static_cast<float>(1.0 / sum);
}

}  // namespace

void ForwardPass::leave(std::size_t layer) {
  const model::Norm& norm = model_.layers[layer].exit_norm;
  if (exit_confidence_ <= 0.0F || norm.empty()) return;
  std::vector<std::size_t> asked;
  for (std::size_t row = 0; row < going_; ++row) {
    if (places_[row].may_exit) asked.push_back(row);
  }
  if (asked.empty()) return;
  score_exits(norm, asked);
  std::vector<bool> stops(going_, false);
  std::size_t kept = left_;
  const MatrixView<float> scores = scratch_.exit_logits.view();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!(confidence_[i] >= exit_confidence_)) continue;
    const Place& place = places_[asked[i]];
    stops[asked[i]] = true;
    if (kept != left_ + i) std::copy_n(scores.row(left_ + i), scores.cols, scores.row(kept));
    exit_row_of_[place.token] = kept++;
    skipped_layers_[place.chunk] += model_.layers.size() - 1 - layer;
  }
  if (kept == left_) return;
  left_ = kept;
  std::vector<std::size_t> order(going_);
  for (std::size_t row = 0; row < going_; ++row) order[row] = row;
  const auto first = std::stable_partition(order.begin(), order.end(),
                                           [&](std::size_t row) { return !stops[row]; });
  reorder(order);
  going_ = static_cast<std::size_t>(first - order.begin());
  plan_attention();
}

// Logits of these rows behind those of rows that have stopped, and how sure they are.
void ForwardPass::score_exits(const model::Norm& norm, std::span<const std::size_t> rows) {
  const MatrixView<float> all = scratch_.exit_logits.view();
  const MatrixView<float> out{all.row(left_), rows.size(), all.cols, all.stride};
  score(norm, rows, out);
  confidence_.resize(rows.size());
  each_row(rows.size(), 16 * out.cols,
           [&](std::size_t r) { confidence_[r] = top_probability(out.row(r), out.cols); });
  cost_ += top_probability_cost(rows.size(), out.cols);
}

// Row i becomes what row rows[i] was.
void ForwardPass::reorder(std::span<const std::size_t> rows) {
  const std::vector<Place> places(places_.begin(),
                                  places_.begin() + static_cast<std::ptrdiff_t>(rows.size()));
  const MatrixView<float> free = scratch_.delta.view();
  for (Buffer* buffer : {&scratch_.residual, &scratch_.normed}) {
    const MatrixView<float> moved = buffer->view();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(moved.row(rows[i]), moved.cols, free.row(i));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(free.row(i), moved.cols, moved.row(i));
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    places_[i] = places[rows[i]];
    row_of_[places_[i].token] = i;
  }
}

void ForwardPass::carry(const model::Norm& next) {
  if (going_ == batch_ || next.empty()) return;
  const MatrixView<float> x = scratch_.residual.view();
  const MatrixView<float> normed = scratch_.normed.view();
  each_row(batch_ - going_, 4 * config_.embedding, [&](std::size_t i) {
    norm_row(next, x.row(going_ + i), normed.row(going_ + i), x.cols);
  });
  count_norm(next, batch_ - going_, config_.embedding);
}

void ForwardPass::hidden(std::span<const std::size_t> tokens, MatrixView<float> out) {
  std::vector<std::size_t> rows;
  for (const std::size_t token : tokens) rows.push_back(row_of_[token]);
  final_norm(rows, model_.output_norm, out);
}

void ForwardPass::logits(std::span<const std::size_t> tokens, MatrixView<float> out) {
  std::vector<std::size_t> rows;  // that went all the way
  for (const std::size_t token : tokens) {
    if (exit_row_of_[token] == kNone) rows.push_back(row_of_[token]);
  }
  if (rows.size() == tokens.size()) return score(model_.output_norm, rows, out);
  const MatrixView<float> last = scratch_.last_logits.shape(rows.size(), out.cols);
  if (!rows.empty()) score(model_.output_norm, rows, last);
  std::size_t next = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t exit_row = exit_row_of_[tokens[i]];
    const float* from =
        exit_row == kNone ? last.row(next++) : scratch_.exit_logits.view().row(exit_row);
    std::copy_n(from, out.cols, out.row(i));
  }
}

}  // namespace frugal::engine
