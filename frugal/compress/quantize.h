#pragma once

/// A whole model rounded to block formats: one for all, or a mixture.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/compress/imatrix.h"
#include "frugal/compress/type_plan.h"
#include "frugal/format/gguf.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/dtype.h"

namespace frugal::compress {

struct QuantizeOptions {
  DType type = DType::kQ8_0;         ///< of all matrices where there is no mixture
  const Mixture* mixture = nullptr;  ///< one of mixtures()
  std::vector<TypeRule> rules = {};  ///< before the mixture
  bool keep_types = false;           ///< matrices that no rule is found for stay in their own type
  const Importance* importance = nullptr;     ///< null: all columns count alike
  const kernels::Kernels* kernels = nullptr;  ///< null: the best of this machine
  std::size_t threads = 1;
  ProgressFn progress = {};  ///< in bytes of the source
  /// Stored rows of a tensor that is rounded already; nothing, or none: it is rounded here.
  std::function<std::optional<std::vector<std::byte>>(const format::TensorInfo& tensor)> ready = {};
  format::Metadata notes = {};  ///< to be written with the file's own
};

/// The types that `quantize` gives the tensors of a file.
/// Errors: those of plan_types.
[[nodiscard]] TypePlan types_of(const format::TensorFile& file, const QuantizeOptions& options);

/// A matrix that was searched without weights although there were some for others.
struct Unweighted {
  std::string tensor;
  std::string why;
};

/// What became of the file.
struct QuantizeResult {
  std::uint64_t bytes_before = 0;  ///< of tensor data
  std::uint64_t bytes_after = 0;
  std::size_t converted = 0;        ///< tensors in the type that was chosen for them, kept ones not
  std::vector<Fallback> fallbacks;  ///< rows no multiple of the block: stored in another type
  std::vector<Unweighted> unweighted;
};

/// Errors: kInvalidArgument when `output` is the file itself.
void refuse_same_file(const format::TensorFile& file, const std::filesystem::path& output);

/// Rounds every matrix of `file` and writes `output`.
///
/// What is rounded: tensors of two or more dimensions named "…weight", the embedding and output
///         matrix too; norms, routers, position and token-type embeddings, biases and other vectors
///         stay as they are.  A row that is no multiple of the block gets what `fitting_type` says
///         and is listed in `fallbacks`.
/// Numbers: round_row of the decoded row, weighted by the importance of its columns; Q8_0, and
///          without importance Q4_0 to Q5_1, are byte-identical to llama.cpp from F32 and F16.  The
///          bytes do not depend on threads and instruction sets.
/// Errors:  kUnsupported for a source type that cannot be decoded; kCorrupt for a weight that is
///          not finite (tensor, row, column); those of refuse_same_file,
///          plan_types, Importance::find and write_gguf.
/// Memory:  a few rows per thread.
QuantizeResult quantize(const format::TensorFile& file, const std::filesystem::path& output,
                        const QuantizeOptions& options);

}  // namespace frugal::compress
