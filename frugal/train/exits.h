#pragma once

/// Exits of a model file, before they are trained.

#include <cstddef>
#include <memory>
#include <span>

#include "frugal/format/tensor_file.h"

namespace frugal::train {

/// `file` with exits after these layers and no others: the key `frugal.exit.layers`, and for each a
/// norm "blk.<n>.exit_norm" that is the file's own where it has one, else a copy of "output_norm".
/// Exits that are not trained on do not stay: the model under them changes.  The numbers stay where
/// they are; the result keeps `file` alive.
///
/// Errors: kInvalidArgument for a layer that is not there or is the last; kCorrupt for a file
///         without a block count, or without an output norm in F32.
[[nodiscard]] std::shared_ptr<const format::TensorFile> with_exits(
    std::shared_ptr<const format::TensorFile> file, std::span<const std::size_t> layers);

}  // namespace frugal::train
