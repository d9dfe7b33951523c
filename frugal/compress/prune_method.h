#pragma once

/// Zeros in matrices as a method of a MatrixJob.

#include <optional>
#include <string_view>
#include <vector>

#include "frugal/compress/matrix_method.h"
#include "frugal/compress/prune.h"
#include "frugal/compress/sparsity.h"

namespace frugal::compress {

/// What decides which numbers are worth least; see prune.h.
enum class PruneBy { kMagnitude, kWanda, kSparseGpt };

/// "magnitude", "wanda", "sparsegpt"; nothing: none of them.
[[nodiscard]] std::optional<PruneBy> prune_by_name(std::string_view name);
[[nodiscard]] std::string_view name(PruneBy by);

struct PruneOptions {
  PruneBy by = PruneBy::kWanda;
  Sparsity sparsity = {};                ///< of the matrices of the layers
  std::vector<SparsityRule> rules = {};  ///< before it, and for all other matrices
};

/// Prunes every matrix of two dimensions to the sparsity of the first rule that is found in its
/// name; where there is none, those of the layers ("blk.…") to `sparsity`, and the embedding and
/// output matrices not at all.
class PruneMethod : public MatrixMethod {
 public:
  /// Errors: kInvalidArgument for a threshold with another way than magnitude, for a rule that is
  ///         found in the name of no matrix of `file`, and where nothing at all would become 0.
  PruneMethod(const format::TensorFile& file, PruneOptions options);

  [[nodiscard]] std::string_view stage() const override { return "prune"; }
  [[nodiscard]] std::string key() const override;
  [[nodiscard]] Sums sums() const override;
  /// Errors: kInvalidArgument for a type that has no exact 0.
  [[nodiscard]] bool takes(const format::TensorInfo& tensor, DType to) const override;
  [[nodiscard]] std::uint64_t bytes_to_learn(std::size_t cols) const override;
  [[nodiscard]] std::uint64_t bytes_to_make(const format::TensorInfo& tensor,
                                            DType to) const override;
  bool learn(SecondMoments moments, ThreadPool& pool) override;
  [[nodiscard]] MadeMatrix make(const kernels::Kernels& kernels, ThreadPool& pool,
                                const format::TensorInfo& tensor, const Rows& rows) override;

  [[nodiscard]] Sparsity sparsity_of(const format::TensorInfo& tensor) const;

 private:
  PruneOptions options_;
  std::vector<float> weights_;  ///< mean of x[c]²
  std::optional<ErrorFeedback> feedback_;
};

}  // namespace frugal::compress
