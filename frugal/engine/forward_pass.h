#pragma once

/// Private to this folder: the network's arithmetic for one batch of tokens.

#include <functional>
#include <initializer_list>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "frugal/base/thread_pool.h"
#include "frugal/base/work.h"
#include "frugal/engine/kv_cache.h"
#include "frugal/engine/scratch.h"
#include "frugal/engine/step.h"
#include "frugal/engine/watch.h"
#include "frugal/kernels/attend.h"
#include "frugal/kernels/kernels.h"
#include "frugal/kernels/matmul.h"
#include "frugal/model/model.h"

namespace frugal::engine {

/// Consecutive tokens of one sequence, to be computed after what its cache holds.
struct Chunk {
  KvCache* cache = nullptr;
  std::span<const text::TokenId> tokens;
  std::size_t exits_from = kNoExits;  ///< of `tokens`: the first that may stop at an exit
};

/// One batch through the network.  Counts the cost of every kernel it calls.
class ForwardPass {
 public:
  ForwardPass(const model::Model& model, const kernels::Kernels& kernels, ThreadPool& pool,
              Scratch& scratch, float exit_confidence);

  void watch(ProductWatch watch) { watch_ = std::move(watch); }

  /// Runs the chunks, for which their caches have reserved room, and makes them part of their
  /// sequences.  Rows of the batch are the tokens of the chunks in order.
  void run(std::span<const Chunk> chunks);
  /// Final norm of these tokens of the batch just run.
  void hidden(std::span<const std::size_t> tokens, MatrixView<float> out);
  /// Logits of these tokens, of those that stopped at their exits.
  void logits(std::span<const std::size_t> tokens, MatrixView<float> out);

  [[nodiscard]] const Cost& cost() const { return cost_; }
  /// What each chunk of the last run cost by itself: its attention.  The rest is shared by rows.
  [[nodiscard]] std::span<const Cost> own_costs() const { return own_costs_; }
  /// Layers that the rows of each chunk of the last run did not go through, together.
  [[nodiscard]] std::span<const std::uint64_t> skipped_layers() const { return skipped_layers_; }
  [[nodiscard]] std::size_t layers() const { return model_.layers.size(); }
  /// Wall time that the last run spent in each layer.
  [[nodiscard]] std::span<const Seconds> layer_times() const { return layer_times_; }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  struct Product {
    const model::Linear* linear;
    MatrixView<float> out;
  };
  /// A row of the scratch.
  struct Place {
    std::size_t chunk;
    std::size_t position;
    std::size_t token;  ///< which of the batch
    bool may_exit;
  };
  /// The queries of one attention call: heads [head, head + heads) of the tokens of some rows, all
  /// of one chunk.
  struct AttendTask {
    std::size_t first_row;
    std::size_t rows;
    std::size_t head;
    std::size_t heads;
  };

  void lay_out(std::span<const Chunk> chunks);
  void embed();
  void embed_row(std::size_t row);
  void prepare_turns();
  void prepare_turn(const model::Rotation& rotation, Turn& turn);
  void attention(const model::Layer& layer, std::size_t index);
  void rotate_and_store(const model::Layer& layer, std::size_t index);
  void rotate_and_store_row(const model::Layer& layer, std::size_t index, std::size_t row);
  void attend(const model::Layer& layer, std::size_t index);
  void plan_attention();
  void plan_attention(std::size_t first_row, std::size_t end_row);
  [[nodiscard]] std::size_t end_of_chunk(std::size_t row) const;
  /// Which token of its chunk a row is.
  [[nodiscard]] std::size_t token_of(const Place& place) const {
    return place.position - chunks_[place.chunk].cache->size();
  }
  void attend_task(const AttendTask& task, const model::Layer& layer, std::size_t index) const;
  void mlp(const model::Layer& layer, const model::Norm& next);
  /// x = end(x + post(delta)); normed = next(x).
  void join(const model::Norm& post, const model::Norm& end, const model::Norm& next);
  /// Rows that are sure enough after this layer stop: they change places with those that go on.
  void leave(std::size_t layer);
  void score_exits(const model::Norm& norm, std::span<const std::size_t> rows);
  void reorder(std::span<const std::size_t> rows);
  /// What the next layer makes keys and values of, for rows that have stopped.
  void carry(const model::Norm& next);
  void final_norm(std::span<const std::size_t> rows, const model::Norm& norm,
                  MatrixView<float> out);
  void score(const model::Norm& norm, std::span<const std::size_t> rows, MatrixView<float> out);
  void norm_row(const model::Norm& norm, const float* x, float* out, std::size_t cols) const;
  void count_norm(const model::Norm& norm, std::size_t rows, std::size_t cols);
  void tell(MatrixView<const float> x, std::initializer_list<Product> products);
  /// All products share one input; their rows are spread over the team as one range.
  void multiply(MatrixView<const float> x, std::initializer_list<Product> products);
  void multiply_rows(std::span<const Product> products, const kernels::Activations& input,
                     std::size_t begin, std::size_t end) const;
  /// body(row) for each row of the batch, over the team where `work_per_row` makes it worth.
  void each_row(std::size_t rows, std::size_t work_per_row,
                const std::function<void(std::size_t row)>& body);

  const model::Model& model_;
  const model::Config& config_;
  const kernels::Kernels& kernels_;
  ThreadPool& pool_;
  Scratch& scratch_;
  std::span<const Chunk> chunks_;
  std::vector<Place> places_;
  std::vector<AttendTask> attend_tasks_;
  float exit_confidence_;
  ProductWatch watch_;
  std::size_t batch_ = 0;
  std::size_t going_ = 0;            ///< rows [0, going_) go on, those behind them have stopped
  std::vector<std::size_t> row_of_;  ///< of each token of the batch
  std::vector<std::size_t> exit_row_of_;  ///< of each token: in Scratch::exit_logits, or kNone
  std::size_t left_ = 0;                  ///< rows of Scratch::exit_logits that are taken
  std::vector<float> confidence_;         ///< of the rows just scored
  Cost cost_;
  std::vector<Cost> own_costs_;
  std::vector<std::uint64_t> skipped_layers_;
  std::vector<Seconds> layer_times_;
};

}  // namespace frugal::engine
