#pragma once

/// Scales of a matrix's columns that cost nothing: what makes the column's numbers is divided by
/// them, so the network says the same.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/compress/moments.h"
#include "frugal/format/tensor_file.h"
#include "frugal/model/model.h"

namespace frugal::compress {

/// Rows of a matrix, or elements of a vector, from `first` on: one for each channel.
struct ChannelMaker {
  std::string tensor;
  std::size_t first = 0;
};

/// An input of matrices whose channels can be scaled: each channel is made in one place and read by
/// one column, or by several where heads share a value.
struct Fold {
  Input input = {};
  std::vector<ChannelMaker> makers = {};        ///< a matrix or a norm, and its bias
  std::size_t channels = 0;                     ///< that each maker has
  std::vector<std::uint32_t> channels_of = {};  ///< [input.cols] the channel that a column reads
};

/// Which of the inputs can be scaled:
///
///   attention_norm -> query, key, value      mlp_norm -> gate, up
///   value -> attention_output                up -> down, where a gate multiplies what up gives
///
/// A norm that the residual stream gets too (encoders) is none, nor is a network without a gate.
[[nodiscard]] std::vector<Fold> folds_of(const model::Model& model, std::span<const Input> inputs);

/// Columns of the input times these, makers divided by them.
struct Scaling {
  Fold fold = {};
  std::vector<float> scales = {};  ///< [fold.channels], above 0
};

/// Writes the model with the scalings folded in, and `notes` among its metadata.
///
/// Numbers: tensors that change become F32, so that nothing is lost but the last bit of a product
///          and a quotient; all others are copied.
/// Errors:  kUnsupported for a type that cannot be decoded, kCorrupt for a weight that is not
///          finite; those of write_gguf.
/// Memory:  a tensor of F32.
void write_folded(const format::TensorFile& file, std::span<const Scaling> scalings,
                  const format::Metadata& notes, const std::filesystem::path& output,
                  const ProgressFn& progress = {});

}  // namespace frugal::compress
