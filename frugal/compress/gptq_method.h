#pragma once

/// GPTQ as a method of a MatrixJob.

#include <optional>

#include "frugal/compress/gptq.h"
#include "frugal/compress/matrix_method.h"

namespace frugal::compress {

/// Rounds every matrix that changes to a type with a grid by `round_matrix`.
class GptqMethod : public MatrixMethod {
 public:
  [[nodiscard]] std::string_view stage() const override { return "round"; }
  [[nodiscard]] std::string key() const override { return "gptq"; }
  [[nodiscard]] Sums sums() const override { return Sums::kProducts; }
  [[nodiscard]] bool takes(const format::TensorInfo& tensor, DType to) const override;
  [[nodiscard]] std::uint64_t bytes_to_learn(std::size_t cols) const override;
  [[nodiscard]] std::uint64_t bytes_to_make(const format::TensorInfo& tensor,
                                            DType to) const override;
  bool learn(SecondMoments moments, ThreadPool& pool) override;
  [[nodiscard]] MadeMatrix make(const kernels::Kernels& kernels, ThreadPool& pool,
                                const format::TensorInfo& tensor, const Rows& rows) override;

 private:
  std::optional<ErrorFeedback> feedback_;
};

}  // namespace frugal::compress
