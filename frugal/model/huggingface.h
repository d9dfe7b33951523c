#pragma once

/// Folders as Hugging Face's transformers writes them, shown as the GGUF file they would become.

#include <filesystem>
#include <memory>

#include "frugal/format/tensor_file.h"

namespace frugal::model {

/// Reads config.json, the weights (safetensors) and, where they are, tokenizer.json,
/// tokenizer_config.json, generation_config.json and the pooling of an embedding model.
///
/// What is shown: the metadata keys, tensor names, shapes and order of numbers that llama.cpp's
///         convert_hf_to_gguf gives.  Architectures: those of `huggingface_names.cpp`.  Tensors
///         that need no change are views of the mapped files; vectors, norms, positions and what is
///         permuted or transposed is held in memory.
/// Errors: those of open_safetensors; kNotFound without config.json; kCorrupt for a setting that is
///         missing, of another type or out of range, and for a shape that does not fit it;
///         kUnsupported for another architecture, kind of rotation or element type, and for a
///         tensor that the architecture does not have.
/// Source: llama.cpp, convert_hf_to_gguf.py and conversion/*.py; docs/formats/safetensors.md.
[[nodiscard]] std::shared_ptr<const format::TensorFile> open_huggingface(
    const std::filesystem::path& directory);

/// A GGUF file, the first part of a split one, or a folder as above.
/// Errors: those of TensorFile::open and open_huggingface.
[[nodiscard]] std::shared_ptr<const format::TensorFile> open_tensors(
    const std::filesystem::path& path);

}  // namespace frugal::model
