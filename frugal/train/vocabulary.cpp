#include "frugal/train/vocabulary.h"

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/train/plugin.h"

namespace frugal::train {

namespace {

const SubwordPlugin& needed() {
  const auto& library = subword_plugin();
  if (library.plugin == nullptr) {
    throw Error(ErrorKind::kUnsupported,
                str("learning a vocabulary needs SentencePiece: {}; install it (Debian: "
                    "libsentencepiece-dev) and build again",
                    library.why));
  }
  return *library.plugin;
}

}  // namespace

LearnedVocabulary learn_subwords(const TextSource& source, const SubwordOptions& options) {
  return needed().learn_subwords(source, options);
}

LearnedVocabulary learn_word_pieces(const TextSource& source, const WordPieceOptions& options) {
  return needed().learn_word_pieces(source, options);
}

}  // namespace frugal::train
