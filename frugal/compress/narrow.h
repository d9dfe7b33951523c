#pragma once

/// A model whose layers have fewer channels and heads.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "frugal/format/tensor_file.h"
#include "frugal/kernels/kernels.h"
#include "frugal/model/model.h"

namespace frugal::compress {

/// What one layer keeps.
struct NarrowLayer {
  std::vector<std::size_t> channels = {};  ///< of the MLP, ascending; empty: all
  /// Key-value heads, with the query heads that share them; ascending; empty: all.
  std::vector<std::size_t> groups = {};
  std::vector<float> down = {};    ///< [embedding][channels]; empty: the kept columns as they were
  std::vector<float> output = {};  ///< attention output [embedding][kept columns]; likewise
};

/// The stored columns of a layer's attention output that belong to groups.
[[nodiscard]] std::vector<std::size_t> columns_of_groups(const model::Config& config,
                                                         std::span<const std::size_t> groups);

/// The same file with less in each layer: rows of gate, up, query, key and value (and their biases)
/// that are not kept are left out, columns of down and attention output too; the sizes in the
/// metadata say so, and the length of a head and what is rotated of it are written down, since they
/// no longer follow from the width.
///
/// Shapes:  one entry per layer; all keep as many channels, and as many groups, as the first.
/// Numbers: rows stay as they are stored; down and attention output are rounded again to their
///          type, or where their new length is no multiple of its block, to another
///          (`fitting_type`).
/// Errors:  kUnsupported for a down or output matrix in a type that cannot be decoded; kCorrupt for
///          numbers in them that are not finite. Another shape than the model's is a bug and fails
///          FRUGAL_CHECK.
/// Memory:  what is changed is held in memory, as stored; the result keeps the model's file alive.
[[nodiscard]] std::shared_ptr<const format::TensorFile> narrow(const model::Model& model,
                                                               std::span<const NarrowLayer> layers);

/// All numbers of a stored matrix, row after row.
/// Errors: as narrow.
[[nodiscard]] std::vector<float> numbers_of(const model::Model& model, const model::Weight& weight);

}  // namespace frugal::compress
