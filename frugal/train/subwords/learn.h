#pragma once

/// Private to this folder: vocabulary.h's promises, kept by SentencePiece.

#include "frugal/train/vocabulary.h"

namespace frugal::train::subwords {

[[nodiscard]] LearnedVocabulary learn_subwords(const TextSource& source,
                                               const SubwordOptions& options);
[[nodiscard]] LearnedVocabulary learn_word_pieces(const TextSource& source,
                                                  const WordPieceOptions& options);

}  // namespace frugal::train::subwords
