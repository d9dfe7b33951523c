#pragma once

/// Private to this folder: the decoder's arithmetic for one batch of tokens.

#include <initializer_list>
#include <span>

#include "frugal/base/thread_pool.h"
#include "frugal/base/work.h"
#include "frugal/engine/kv_cache.h"
#include "frugal/engine/scratch.h"
#include "frugal/kernels/kernels.h"
#include "frugal/kernels/matmul.h"
#include "frugal/model/model.h"

namespace frugal::engine {

/// One batch through the network.  Counts the cost of every kernel it calls.
class ForwardPass {
 public:
  ForwardPass(const model::Model& model, const kernels::Kernels& kernels, ThreadPool& pool,
              Scratch& scratch);

  /// Runs `tokens` at the positions after the cache's, and makes them part of it.
  void run(KvCache& cache, std::span<const text::TokenId> tokens);
  /// Writes logits of the last `out.rows` tokens of the batch just run.
  void logits(MatrixView<float> out);

  [[nodiscard]] const Cost& cost() const { return cost_; }

 private:
  struct Product {
    const model::Weight* weight;
    MatrixView<float> out;
  };

  void embed(std::span<const text::TokenId> tokens);
  void prepare_rotation(std::size_t first_position, std::size_t count);
  void attention(const model::Layer& layer, std::size_t index, KvCache& cache);
  void rotate_and_store(std::size_t index, KvCache& cache);
  void attend(std::size_t index, KvCache& cache);
  void mlp(const model::Layer& layer);
  void norm(MatrixView<const float> x, const std::vector<float>& gain, MatrixView<float> out);
  /// All products share one input; their rows are spread over the team as one range.
  void multiply(MatrixView<const float> x, std::initializer_list<Product> products);
  void multiply_rows(std::span<const Product> products, const kernels::Activations& input,
                     std::size_t begin, std::size_t end) const;
  void add_delta();

  const model::Model& model_;
  const model::Config& config_;
  const kernels::Kernels& kernels_;
  ThreadPool& pool_;
  Scratch& scratch_;
  std::size_t batch_ = 0;
  Cost cost_;
};

}  // namespace frugal::engine
