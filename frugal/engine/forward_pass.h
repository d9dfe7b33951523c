#pragma once

/// Private to this folder: the network's arithmetic for one batch of tokens.

#include <functional>
#include <initializer_list>
#include <span>
#include <vector>

#include "frugal/base/thread_pool.h"
#include "frugal/base/work.h"
#include "frugal/engine/kv_cache.h"
#include "frugal/engine/scratch.h"
#include "frugal/kernels/attend.h"
#include "frugal/kernels/kernels.h"
#include "frugal/kernels/matmul.h"
#include "frugal/model/model.h"

namespace frugal::engine {

/// Consecutive tokens of one sequence, to be computed after what its cache holds.
struct Chunk {
  KvCache* cache = nullptr;
  std::span<const text::TokenId> tokens;
};

/// One batch through the network.  Counts the cost of every kernel it calls.
class ForwardPass {
 public:
  ForwardPass(const model::Model& model, const kernels::Kernels& kernels, ThreadPool& pool,
              Scratch& scratch);

  /// Runs the chunks, for which their caches have reserved room, and makes them part of their
  /// sequences.  Rows of the batch are the tokens of the chunks in order.
  void run(std::span<const Chunk> chunks);
  /// Final norm of these rows of the batch just run.
  void hidden(std::span<const std::size_t> rows, MatrixView<float> out);
  /// Logits of these rows.
  void logits(std::span<const std::size_t> rows, MatrixView<float> out);

  [[nodiscard]] const Cost& cost() const { return cost_; }
  /// What each chunk of the last run cost by itself: its attention.  The rest is shared by rows.
  [[nodiscard]] std::span<const Cost> own_costs() const { return own_costs_; }

 private:
  struct Product {
    const model::Linear* linear;
    MatrixView<float> out;
  };
  /// A row of the batch.
  struct Place {
    std::size_t chunk;
    std::size_t position;
  };
  /// The queries of one attention call: heads [head, head + heads) of tokens
  /// [token, token + tokens) of a chunk.
  struct AttendTask {
    std::size_t chunk;
    std::size_t first_row;  ///< of the chunk in the batch
    std::size_t token;
    std::size_t tokens;
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
  void attend_task(const AttendTask& task, const model::Layer& layer, std::size_t index) const;
  void mlp(const model::Layer& layer, const model::Norm& next);
  /// x = end(x + post(delta)); normed = next(x).
  void join(const model::Norm& post, const model::Norm& end, const model::Norm& next);
  void norm_row(const model::Norm& norm, const float* x, float* out, std::size_t cols) const;
  void count_norm(const model::Norm& norm, std::size_t rows, std::size_t cols);
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
  std::size_t batch_ = 0;
  Cost cost_;
  std::vector<Cost> own_costs_;
};

}  // namespace frugal::engine
