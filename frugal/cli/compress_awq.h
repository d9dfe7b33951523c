#pragma once

/// The part of `frugal compress --method awq` that comes before rounding.

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/cli/compress_text.h"
#include "frugal/compress/awq.h"

namespace frugal::cli {

/// What is to be scaled, and by what.
struct AwqRequest {
  std::shared_ptr<const format::TensorFile> file = {};
  std::filesystem::path output = {};
  std::string option = {};  ///< that asked for it, for messages: "--method awq"
  JobFlags flags = {};
  compress::QuantizeOptions rounding = {};
};

/// A model whose columns are scaled, and by how much.
struct Folded {
  std::vector<compress::ScaledInput> scaled = {};
  std::shared_ptr<const format::TensorFile> file = {};
};

/// Finds scales for the model of the request and folds them in.  The folded model lies in a file of
/// its own, OUTPUT.folded, which has no name any more once it is open.
///
/// Errors: kInvalidArgument without a text; those of find_scales and write_folded.
[[nodiscard]] Folded fold_scales(const AwqRequest& request);

/// What the text puts into the columns of a folded model; in `rounding.notes`, what is to be known
/// of the text.
[[nodiscard]] compress::Imatrix imatrix_of_text(std::shared_ptr<const format::TensorFile> folded,
                                                const JobFlags& flags,
                                                compress::QuantizeOptions& rounding);

/// One object for each input that could be scaled.
[[nodiscard]] Json awq_json(std::span<const compress::ScaledInput> scaled);
/// One line; none where nothing was to be scaled.
[[nodiscard]] std::string awq_text(std::span<const compress::ScaledInput> scaled);

}  // namespace frugal::cli
