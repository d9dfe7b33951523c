#pragma once

/// A whole model rounded to one block format.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/format/gguf.h"
#include "frugal/tensor/dtype.h"

namespace frugal::compress {

struct QuantizeOptions {
  DType type = DType::kQ8_0;  ///< one that `encode_row` knows
  std::size_t threads = 1;
  ProgressFn progress = {};  ///< in bytes of the source
};

/// What became of the file.
struct QuantizeResult {
  std::uint64_t bytes_before = 0;  ///< of tensor data
  std::uint64_t bytes_after = 0;
  std::size_t converted = 0;           ///< tensors in the new type
  std::vector<std::string> fallbacks;  ///< rows no multiple of the block: stored as F16 instead
};

/// Rounds every matrix of `file` to the nearest numbers of the type and writes `output`.
///
/// What is rounded: tensors of two or more dimensions named "…weight", the embedding and output
///         matrix too; norms, routers, position and token-type embeddings, biases and other vectors
///         stay as they are.  A row that is no multiple
///         of the block is stored as F16 and listed in `fallbacks`.
/// Numbers: encode_row of the decoded row; from F32 and F16 byte-identical to llama.cpp's pure
///          round-to-nearest quantisation.
/// Errors:  kUnsupported for a source type that cannot be decoded; kCorrupt for a weight that is
///          not finite (tensor, row, column); kInvalidArgument when `output` is the input file;
///          those of write_gguf.
/// Memory:  a few rows per thread.
QuantizeResult quantize(const format::TensorFile& file, const std::filesystem::path& output,
                        const QuantizeOptions& options);

}  // namespace frugal::compress
