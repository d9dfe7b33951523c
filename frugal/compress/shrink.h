#pragma once

/// A model without the layers, channels and heads that are worth least.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "frugal/compress/calibrate.h"
#include "frugal/format/tensor_file.h"
#include "frugal/kernels/kernels.h"
#include "frugal/model/model.h"

namespace frugal::compress {

/// What is to go.
struct ShrinkOptions {
  std::size_t layers = 0;  ///< so many
  double channels = 0.0;   ///< this part of each layer's MLP; from 0 to below 1
  std::size_t groups = 0;  ///< so many key-value heads of each layer, with their query heads
  /// What channels and heads are worth (docs/formats/scores.md), of this very model; null: by what
  /// the text shows.
  std::shared_ptr<const format::TensorFile> scores = {};
  std::uint64_t sums_bytes = 0;  ///< most memory for sums at once; 0: the least that does
  CalibrateOptions calibration = {};
};

struct Shrunk {
  std::shared_ptr<const format::TensorFile> file = {};
  std::vector<std::size_t> dropped_layers = {};  ///< by their old numbers
  std::vector<double> influence = {};            ///< of every old layer; empty: not asked for
  std::size_t channels_before = 0;               ///< of a layer
  std::size_t channels_after = 0;
  std::size_t heads_before = 0;  ///< query heads of a layer
  std::size_t heads_after = 0;
  std::size_t compensated = 0;    ///< matrices whose columns took over for those that went
  std::size_t uncompensated = 0;  ///< matrices that got no usable input, or no text was given
};

/// Drops the layers of least `block_influence`; then, of what is left, in each layer the channels
/// of least score and the key-value groups of least score, as many in each.
///
/// Formula: score of a channel c: H[c][c] |down[:,c]|², H the second moments of the input of down;
///          of a group: tr(O H Oᵀ) of its columns of the attention output. From a file: the scores
///          it holds, summed over a group. With a text, down and attention output then become
///          `compensated`.
/// Numbers: channels that stay are rounded up to a multiple of 32 where they were one before, so
///          that blocks fit.  The same bytes for any number of threads and any memory.
/// Errors:  kInvalidArgument when nothing would go or nothing stay, when layers are to go, or
///          anything without scores, and there is no text; for scores that do not fit the model,
///          and together with layers to drop; those of block_influence, second_moments and narrow.
/// Memory:  all matrices that change, as stored; sums as `sums_bytes` says but for what one input
///          needs.
/// Source:  compensation as in Frantar and Alistarh 2022, arXiv:2208.11580, for whole columns.
[[nodiscard]] Shrunk shrink(std::shared_ptr<const format::TensorFile> file,
                            std::span<const text::TokenId> text, const ShrinkOptions& options);

}  // namespace frugal::compress
