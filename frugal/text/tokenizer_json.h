#pragma once

/// Vocabularies as Hugging Face stores them: tokenizer.json and tokenizer_config.json.

#include <string_view>

#include "frugal/text/tokenizer.h"

namespace frugal::text {

/// The vocabulary that make_tokenizer takes.
///
/// What the file describes as a pipeline becomes the rule that gives the same ids:
///   - BPE on bytes: "gpt2", with the name of its expressions in `pre`;
///   - BPE on characters and "▁": "llama", scored so that the earliest merge goes first;
///   - WordPiece: "bert", and Unigram: "t5".
/// `tokenizer_config_json` may be empty; it names begin- and end-of-text and says whether they are
/// added.  Where it does not say, the post-processor's template does, unless it adds several tokens
/// on one side.  Unicode's NFC and NFKC, which some files ask for, are left out, as llama.cpp
/// leaves them out.
///
/// Errors:  kCorrupt for malformed JSON or structure, naming the place; kUnsupported for a pipeline
///          that none of the rules follows, naming the step.
/// Threads: safe from all.
/// Source:  Hugging Face `tokenizers` 0.20, serialisation of its `Tokenizer`.
[[nodiscard]] Vocabulary vocabulary_from_tokenizer_json(std::string_view tokenizer_json,
                                                        std::string_view tokenizer_config_json);

}  // namespace frugal::text
