#pragma once

/// What a text puts into each matrix of a model.

#include <cstddef>
#include <span>

#include "frugal/base/progress.h"
#include "frugal/compress/imatrix.h"
#include "frugal/engine/watch.h"
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

/// How a text was read.
struct TextWindows {
  std::size_t count = 0;
  std::size_t length = 0;  ///< tokens of each

  [[nodiscard]] std::size_t tokens() const { return count * length; }
};

/// How `watch_text` would read it.  Errors: those of windows_of.
[[nodiscard]] TextWindows windows_read(const model::Model& model,
                                       std::span<const text::TokenId> text,
                                       const CalibrateOptions& options);

/// Runs the windows of the text (`eval::windows_of`) through the model and shows every product to
/// `watch`.
///
/// Errors:  those of windows_of and Engine::forward, and of `watch`; kUnsupported for a model that
///          gives no logits (encoders).
TextWindows watch_text(const model::Model& model, std::span<const text::TokenId> text,
                       const CalibrateOptions& options, const engine::ProductWatch& watch);

/// Refuses an input that is not finite, told from its sums of squares by column.
/// Errors: kCorrupt, naming file, matrix and column.
void check_finite(std::span<const double> sum2, const std::string& path, const std::string& tensor);

/// Runs the text (`watch_text`) and sums, for each matrix of
/// its layers and each of its columns c, the inputs x[c] and their squares over all tokens.
///
/// Numbers: summed in double; the same for any number of threads.  All windows count, begin-of-text
///          tokens too, as in llama.cpp's imatrix tool.
/// Memory:  24 bytes a column of each matrix, besides the engine's.
/// Errors:  those of watch_text and check_finite.
[[nodiscard]] Imatrix calibrate(const model::Model& model, std::span<const text::TokenId> text,
                                const CalibrateOptions& options);

}  // namespace frugal::compress
