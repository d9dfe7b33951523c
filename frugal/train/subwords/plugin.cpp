#include "frugal/train/plugin.h"
#include "frugal/train/subwords/learn.h"

// SentencePiece brings a protobuf of its own that LibTorch's must not meet: so it lives in a
// library whose names nobody else sees.

extern "C" __attribute__((visibility("default"))) const frugal::train::SubwordPlugin*
frugal_subword_plugin() {
  static const frugal::train::SubwordPlugin plugin{
      .version = frugal::train::kPluginVersion,
      .learn_subwords = frugal::train::subwords::learn_subwords,
      .learn_word_pieces = frugal::train::subwords::learn_word_pieces};
  return &plugin;
}
