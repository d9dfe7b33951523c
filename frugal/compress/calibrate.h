#pragma once

/// What a text puts into each matrix of a model.

#include <cstddef>
#include <span>

#include "frugal/base/progress.h"
#include "frugal/compress/imatrix.h"
#include "frugal/kernels/kernels.h"
#include "frugal/model/model.h"
#include "frugal/text/tokenizer.h"

namespace frugal::compress {

struct CalibrateOptions {
  std::size_t context = 512;   ///< tokens of a window, at least 4
  std::size_t max_tokens = 0;  ///< of the text; 0: all
  bool output = false;         ///< the matrix that makes the logits too
  std::size_t threads = 1;
  const kernels::Kernels* kernels = nullptr;  ///< null: the best for this CPU
  ProgressFn progress = {};                   ///< in tokens
};

/// Runs the windows of the text (`eval::windows_of`) through the model and sums, for each matrix of
/// its layers and each of its columns c, the inputs x[c] and their squares over all tokens.
///
/// Numbers: summed in double; the same for any number of threads.  All windows count, begin-of-text
///          tokens too, as in llama.cpp's imatrix tool.
/// Memory:  24 bytes a column of each matrix, besides the engine's.
/// Errors:  those of windows_of and Engine::forward; kCorrupt, naming the matrix, for an input that
///          is not finite; kUnsupported for a model that gives no logits (encoders).
[[nodiscard]] Imatrix calibrate(const model::Model& model, std::span<const text::TokenId> text,
                                const CalibrateOptions& options);

}  // namespace frugal::compress
