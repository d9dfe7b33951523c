#pragma once

/// What GGUF's names and numbers say of a tensor, whichever architecture it belongs to.

#include <cstdint>

#include "frugal/format/tensor_file.h"
#include "frugal/tensor/dtype.h"

namespace frugal::model {

/// Whether the tensor takes part in a change of type: matrices named "…weight", embedding and
/// output included; norms, routers, position and token-type embeddings, biases and other vectors
/// stay as they are.
/// Source: llama.cpp's list of what it leaves alone by name.
[[nodiscard]] bool is_rounded(const format::TensorInfo& tensor);

/// `general.file_type` of a file that is mostly of this type (llama.cpp's numbers; where it has
/// several mixtures of the type, that of its middle one).
[[nodiscard]] std::uint32_t file_type(DType type);

}  // namespace frugal::model
