#pragma once

/// One tensor of a safetensors file as its GGUF twin.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "frugal/format/safetensors.h"
#include "frugal/format/tensor_file.h"
#include "frugal/model/huggingface_keys.h"
#include "frugal/model/huggingface_names.h"

namespace frugal::model {

/// A tensor and, where it is no view of the file, its memory.
struct Translated {
  format::TensorInfo info;
  std::shared_ptr<const std::vector<std::byte>> owner;
};

/// `tensor` under its new name, with the change made; extents from the contiguous one outwards.
///
/// What is copied: changed tensors; vectors, norms, positions and token types that are not F32;
///         numbers that do not lie on a multiple of their size.  All others are views.
/// Errors: kUnsupported for element types other than F32, F16 and BF16; kCorrupt for a shape that
/// the
///         change does not fit, an empty tensor and more than 4 dimensions; `path` names the model.
[[nodiscard]] Translated translate(const format::SafeTensor& tensor, const Renamed& renamed,
                                   const Heads& heads, const std::string& path);

/// A vector of numbers that lie in no file.
[[nodiscard]] Translated vector_tensor(const SettingTensor& tensor);

}  // namespace frugal::model
