#pragma once

/// From the tokenizer of a folder to the metadata of a GGUF file.

#include <cstddef>
#include <filesystem>

#include "frugal/format/tensor_file.h"
#include "frugal/model/huggingface_settings.h"

namespace frugal::model {

/// Sets the keys `tokenizer.ggml.*` and `tokenizer.chat_template`; nothing without tokenizer.json.
/// Token ids that the tokenizer does not tell come from config.json and generation_config.json.
/// Fewer tokens than `rows`, the rows of the embedding, are filled up with unused ones.
/// Returns the tokens before that; 0 without tokenizer.json.
///
/// Errors: those of vocabulary_from_tokenizer_json and Settings; kCorrupt for more tokens than
/// rows.
std::size_t set_vocabulary(const std::filesystem::path& folder, const Settings& config,
                           std::size_t rows, format::Metadata& metadata);

}  // namespace frugal::model
