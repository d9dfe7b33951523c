#pragma once

/// A vocabulary as the keys of a GGUF file.

#include "frugal/format/tensor_file.h"
#include "frugal/text/tokenizer.h"

namespace frugal::train {

/// Sets the keys `tokenizer.ggml.…` from which model::load_tokenizer makes the same vocabulary, and
/// llama.cpp one of the same ids.
///
/// Errors:  kUnsupported for a rule other than "llama" and "bert"; the others are never learned
/// here. Threads: safe from all. Source:  gguf.md of ggml, section "Tokenizer".
void write_vocabulary(const text::Vocabulary& vocabulary, format::Metadata& metadata);

}  // namespace frugal::train
