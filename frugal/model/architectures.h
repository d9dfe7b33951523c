#pragma once

/// Private to this folder: one description per architecture.

#include "frugal/model/model.h"
#include "frugal/model/reader.h"

namespace frugal::model {

/// Fills config and weights of `model`, whose file is open; the tokenizer is not its business.
/// Llama 1 to 3, Mistral, SmolLM, TinyLlama.
void describe_llama(const Reader& reader, Model& model);

}  // namespace frugal::model
