#pragma once

/// A model with some of its layers.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "frugal/format/tensor_file.h"

namespace frugal::model {

/// Errors: kCorrupt for a file without a block count.
[[nodiscard]] std::uint64_t layer_count(const format::TensorFile& file);

/// `file` with the layers `kept` alone, in that order, numbered anew: "blk.<n>" tensors, the block
/// count, the list of exits, and every array of the architecture's keys that has an entry per
/// layer. The numbers stay where they are; the result keeps `file` alive.
///
/// Errors: kInvalidArgument for no layer, one twice or one that is not there; kCorrupt for a file
///         without a block count.
[[nodiscard]] std::shared_ptr<const format::TensorFile> keep_layers(
    std::shared_ptr<const format::TensorFile> file, std::span<const std::size_t> kept);

}  // namespace frugal::model
