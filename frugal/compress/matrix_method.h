#pragma once

/// What can be done to the matrices of a model one by one (matrix_job.h does it to all).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/thread_pool.h"
#include "frugal/compress/moments.h"
#include "frugal/compress/rounded_store.h"
#include "frugal/compress/rows.h"
#include "frugal/format/tensor_file.h"
#include "frugal/kernels/kernels.h"

namespace frugal::compress {

/// A matrix as it is to be stored; of the record, name and type are the job's business.
struct MadeMatrix {
  RoundedRecord record = {};
  std::vector<std::byte> stored = {};
};

/// One way to make matrices smaller.  A job calls `learn` for an input, then `make` for each of its
/// matrices.
class MatrixMethod {
 public:
  MatrixMethod() = default;
  MatrixMethod(const MatrixMethod&) = delete;
  MatrixMethod& operator=(const MatrixMethod&) = delete;
  virtual ~MatrixMethod() = default;

  /// What progress calls the work on a matrix: "round".
  [[nodiscard]] virtual std::string_view stage() const = 0;
  /// Names all that the bytes depend on besides model, text and types.
  [[nodiscard]] virtual std::string key() const = 0;
  /// What it learns from of each input; with kNone no text is read.
  [[nodiscard]] virtual Sums sums() const = 0;
  /// Whether it has a say in a matrix that is to be stored in this type.
  /// Errors: kInvalidArgument where it should have and cannot.
  [[nodiscard]] virtual bool takes(const format::TensorInfo& tensor, DType to) const = 0;
  /// Most bytes of memory that learning from one input and keeping it needs, besides its sums.
  [[nodiscard]] virtual std::uint64_t bytes_to_learn(std::size_t cols) const = 0;
  /// Most bytes that `make` needs, its result included.
  [[nodiscard]] virtual std::uint64_t bytes_to_make(const format::TensorInfo& tensor,
                                                    DType to) const = 0;
  /// False: nothing can be learnt from the sums.
  virtual bool learn(SecondMoments moments, ThreadPool& pool) = 0;
  /// Errors: those of `rows`.
  [[nodiscard]] virtual MadeMatrix make(const kernels::Kernels& kernels, ThreadPool& pool,
                                        const format::TensorInfo& tensor, const Rows& rows) = 0;
};

}  // namespace frugal::compress
