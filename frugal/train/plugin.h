#pragma once

/// What the libraries that are opened at run time show to the program.

#include <string>

#include "frugal/train/train.h"
#include "frugal/train/vocabulary.h"

namespace frugal::train {

/// Counts the changes of the structs below; a library of another version is refused.
inline constexpr int kPluginVersion = 2;

/// LibTorch's: libfrugal_train.so, `const TorchPlugin* frugal_torch_plugin()`.
struct TorchPlugin {
  int version;
  TrainOutcome (*train)(const Recipe& recipe, const TrainOptions& options);
  const char* (*torch_version)();
};

/// SentencePiece's: libfrugal_subwords.so, `const SubwordPlugin* frugal_subword_plugin()`.
struct SubwordPlugin {
  int version;
  LearnedVocabulary (*learn_subwords)(const TextSource& source, const SubwordOptions& options);
  LearnedVocabulary (*learn_word_pieces)(const TextSource& source, const WordPieceOptions& options);
};

/// A library that was looked for beside the program and in ../lib/frugal.
template <class Plugin>
struct OpenedPlugin {
  const Plugin* plugin = nullptr;
  std::string why;  ///< there is none
};

/// Opened once, when first asked for.
[[nodiscard]] const OpenedPlugin<TorchPlugin>& torch_plugin();
[[nodiscard]] const OpenedPlugin<SubwordPlugin>& subword_plugin();

}  // namespace frugal::train
