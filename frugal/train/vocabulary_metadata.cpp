#include "frugal/train/vocabulary_metadata.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::train {
namespace {

// Numbers of GGUF's value types.
constexpr std::uint32_t kI32 = 5;
constexpr std::uint32_t kF32 = 6;
constexpr std::uint32_t kString = 8;

void set_id(format::Metadata& metadata, const char* key, std::optional<text::TokenId> id) {
  if (id) metadata.set(key, static_cast<std::uint32_t>(*id));
}

void set_tables(const text::Vocabulary& vocabulary, format::Metadata& metadata) {
  format::MetaArray tokens = {.element_type = kString, .values = {}};
  for (const std::string& token : vocabulary.tokens) tokens.values.emplace_back(token);
  metadata.set("tokenizer.ggml.tokens", std::move(tokens));
  if (!vocabulary.scores.empty()) {
    format::MetaArray scores = {.element_type = kF32, .values = {}};
    for (const float score : vocabulary.scores) scores.values.emplace_back(score);
    metadata.set("tokenizer.ggml.scores", std::move(scores));
  }
  if (!vocabulary.types.empty()) {
    format::MetaArray types = {.element_type = kI32, .values = {}};
    for (const text::TokenType type : vocabulary.types) {
      types.values.emplace_back(static_cast<std::int32_t>(type));
    }
    metadata.set("tokenizer.ggml.token_type", std::move(types));
  }
}

}  // namespace

void write_vocabulary(const text::Vocabulary& vocabulary, format::Metadata& metadata) {
  const bool word_piece = vocabulary.model == "bert";
  if (!word_piece && vocabulary.model != "llama") {
    throw Error(ErrorKind::kUnsupported,
                str("tokenizer '{}', expected llama or bert", printable(vocabulary.model)));
  }
  metadata.set("tokenizer.ggml.model", vocabulary.model);
  metadata.set("tokenizer.ggml.pre", vocabulary.pre.empty() ? "default" : vocabulary.pre);
  set_tables(vocabulary, metadata);
  set_id(metadata, "tokenizer.ggml.bos_token_id", vocabulary.bos);
  set_id(metadata, "tokenizer.ggml.eos_token_id", vocabulary.eos);
  set_id(metadata, "tokenizer.ggml.eot_token_id", vocabulary.eot);
  set_id(metadata, "tokenizer.ggml.unknown_token_id", vocabulary.unknown);
  set_id(metadata, "tokenizer.ggml.padding_token_id", vocabulary.pad);
  set_id(metadata, "tokenizer.ggml.cls_token_id", vocabulary.cls);
  set_id(metadata, "tokenizer.ggml.seperator_token_id",
         vocabulary.sep);  // spelled so by its readers
  set_id(metadata, "tokenizer.ggml.mask_token_id", vocabulary.mask);
  if (word_piece) {
    metadata.set("tokenizer.ggml.normalizer.lowercase", vocabulary.lowercase);
    metadata.set("tokenizer.ggml.normalizer.strip_accents", vocabulary.strip_accents);
    return;
  }
  metadata.set("tokenizer.ggml.add_bos_token", vocabulary.add_bos);
  metadata.set("tokenizer.ggml.add_eos_token", vocabulary.add_eos);
  metadata.set("tokenizer.ggml.add_space_prefix", vocabulary.add_space_prefix);
}

}  // namespace frugal::train
