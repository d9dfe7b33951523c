#include "frugal/compress/gptq_method.h"

#include "frugal/kernels/block_grid.h"

namespace frugal::compress {

bool GptqMethod::takes(const format::TensorInfo& tensor, DType to) const {
  return kernels::has_grid(to) && tensor.type != to;
}

std::uint64_t GptqMethod::bytes_to_learn(std::size_t cols) const {
  return ErrorFeedback::bytes_of(cols);
}

std::uint64_t GptqMethod::bytes_to_make(const format::TensorInfo& tensor, DType to) const {
  return 2 * tensor.rows() * row_bytes(to, tensor.cols()).value();
}

bool GptqMethod::learn(SecondMoments moments, ThreadPool& pool) {
  feedback_ = make_feedback(moments, pool);
  return feedback_.has_value();
}

MadeMatrix GptqMethod::make(const kernels::Kernels& kernels, ThreadPool& pool,
                            const format::TensorInfo& /*tensor*/, const Rows& rows) {
  RoundedMatrix rounded = round_matrix(kernels, pool, rows, *feedback_);
  return {.record = {.fed_back = rounded.fed_back,
                     .loss_plain = rounded.loss_search,
                     .loss_fed_back = rounded.loss_gptq,
                     .damping = feedback_->damping,
                     .dead = feedback_->dead},
          .stored = std::move(rounded.stored)};
}

}  // namespace frugal::compress
