#pragma once

/// Private to this folder: one description per architecture, each in the file of its name.

#include "frugal/model/model.h"
#include "frugal/model/reader.h"

namespace frugal::model {

// Each fills config and weights of `model`; the tokenizer is not its business.
void describe_llama(const Reader& reader, Model& model);
void describe_qwen2(const Reader& reader, Model& model);
void describe_qwen3(const Reader& reader, Model& model);
void describe_gemma3(const Reader& reader, Model& model);
void describe_phi3(const Reader& reader, Model& model);
void describe_gpt2(const Reader& reader, Model& model);
void describe_bert(const Reader& reader, Model& model);

}  // namespace frugal::model
