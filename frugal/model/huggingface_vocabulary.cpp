#include "frugal/model/huggingface_vocabulary.h"

#include <array>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/text/tokenizer_json.h"

namespace frugal::model {

namespace {

using format::MetaArray;
using format::Metadata;
using text::Vocabulary;

constexpr std::uint32_t kInt32Type = 5;
constexpr std::uint32_t kFloatType = 6;
constexpr std::uint32_t kStringType = 8;
constexpr std::uint32_t kByteType = 0;

template <class T, class Convert>
MetaArray array_of(std::uint32_t type, const std::vector<T>& values, const Convert& convert) {
  MetaArray array{.element_type = type, .values = {}};
  array.values.reserve(values.size());
  for (const T& value : values) array.values.emplace_back(convert(value));
  return array;
}

MetaArray strings(const std::vector<std::string>& values) {
  return array_of(kStringType, values, [](const std::string& text) { return text; });
}

void fill_up(Vocabulary& vocabulary, std::size_t rows) {
  for (std::size_t i = vocabulary.tokens.size(); i < rows; ++i) {
    vocabulary.tokens.push_back(str("[PAD{}]", i));
    if (!vocabulary.scores.empty()) vocabulary.scores.push_back(-10000.0F);
    if (!vocabulary.types.empty()) vocabulary.types.push_back(text::TokenType::kUnused);
  }
}

// An id, or the first of several.
std::optional<text::TokenId> id_of(const Settings& settings, std::string_view name) {
  const Json* value = settings.find({name});
  if (value != nullptr && value->is_array()) value = value->empty() ? nullptr : &value->front();
  if (value == nullptr || value->is_null()) return std::nullopt;
  constexpr std::uint64_t kMax = 0x7FFFFFFF;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > kMax) {
    settings.corrupt(str("'{}' is {}, expected a token id", name, printable(to_line(*value))));
  }
  return value->get<text::TokenId>();
}

struct SpecialToken {
  std::string_view key;     ///< in `tokenizer.ggml.`
  std::string_view theirs;  ///< in config.json
  std::optional<text::TokenId> Vocabulary::*id;
};

// "seperator" is how the format writes it.
constexpr std::array kSpecialTokens = {
    SpecialToken{"bos_token_id", "bos_token_id", &Vocabulary::bos},
    SpecialToken{"eos_token_id", "eos_token_id", &Vocabulary::eos},
    SpecialToken{"unknown_token_id", "unk_token_id", &Vocabulary::unknown},
    SpecialToken{"seperator_token_id", "sep_token_id", &Vocabulary::sep},
    SpecialToken{"padding_token_id", "pad_token_id", &Vocabulary::pad},
    SpecialToken{"cls_token_id", "cls_token_id", &Vocabulary::cls},
    SpecialToken{"mask_token_id", "mask_token_id", &Vocabulary::mask},
    SpecialToken{"eot_token_id", "", &Vocabulary::eot},
    SpecialToken{"eom_token_id", "", &Vocabulary::eom},
};

void set_special_tokens(const std::filesystem::path& folder, const Settings& config,
                        Vocabulary& vocabulary, Metadata& metadata) {
  const auto generation = read_settings((folder / "generation_config.json").string());
  for (const SpecialToken& special : kSpecialTokens) {
    auto& id = vocabulary.*special.id;
    if (!id && !special.theirs.empty()) id = id_of(config, special.theirs);
    if (!id && !special.theirs.empty() && generation) id = id_of(*generation, special.theirs);
    // Some configurations name a token beyond the vocabulary for "none".
    if (!id || static_cast<std::size_t>(*id) >= vocabulary.tokens.size()) continue;
    metadata.set(str("tokenizer.ggml.{}", special.key), static_cast<std::uint32_t>(*id));
  }
}

void set_tables(const Vocabulary& vocabulary, Metadata& metadata) {
  metadata.set("tokenizer.ggml.model", vocabulary.model);
  metadata.set("tokenizer.ggml.pre", vocabulary.pre.empty() ? "default" : vocabulary.pre);
  metadata.set("tokenizer.ggml.tokens", strings(vocabulary.tokens));
  if (!vocabulary.scores.empty()) {
    metadata.set("tokenizer.ggml.scores",
                 array_of(kFloatType, vocabulary.scores, [](float score) { return score; }));
  }
  if (!vocabulary.types.empty()) {
    metadata.set("tokenizer.ggml.token_type",
                 array_of(kInt32Type, vocabulary.types,
                          [](text::TokenType type) { return static_cast<std::int32_t>(type); }));
  }
  if (!vocabulary.merges.empty()) {
    metadata.set("tokenizer.ggml.merges", strings(vocabulary.merges));
  }
  metadata.set("tokenizer.ggml.add_bos_token", vocabulary.add_bos);
  metadata.set("tokenizer.ggml.add_eos_token", vocabulary.add_eos);
  metadata.set("tokenizer.ggml.add_space_prefix", vocabulary.add_space_prefix);
  if (vocabulary.model == "bert") {
    metadata.set("tokenizer.ggml.normalizer.lowercase", vocabulary.lowercase);
    metadata.set("tokenizer.ggml.normalizer.strip_accents", vocabulary.strip_accents);
  }
  if (vocabulary.model != "t5") return;
  metadata.set("tokenizer.ggml.remove_extra_whitespaces", vocabulary.remove_extra_spaces);
  if (vocabulary.charsmap.empty()) return;
  const std::vector<char> bytes(vocabulary.charsmap.begin(), vocabulary.charsmap.end());
  metadata.set("tokenizer.ggml.precompiled_charsmap",
               array_of(kByteType, bytes, [](char c) { return static_cast<std::uint8_t>(c); }));
}

// "chat_template": the text, or of several the one called "default".
std::optional<std::string> template_in(const Settings& tokenizer) {
  const Json* value = tokenizer.find({"chat_template"});
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  if (!value->is_array()) tokenizer.corrupt("'chat_template': expected a text or a list");
  for (const Json& entry : *value) {
    const Settings choice(entry, tokenizer.path() + ": chat_template");
    if (choice.text({"name"}) == "default") return choice.text({"template"});
  }
  return std::nullopt;
}

void set_chat_template(const std::filesystem::path& folder, const std::string& tokenizer_config,
                       Metadata& metadata) {
  auto chat = read_text((folder / "chat_template.jinja").string());
  if (!chat && !tokenizer_config.empty()) {
    const std::string path = (folder / "tokenizer_config.json").string();
    chat = template_in(Settings(parse_json(tokenizer_config, path), path));
  }
  if (chat) metadata.set("tokenizer.chat_template", *chat);
}

}  // namespace

std::size_t set_vocabulary(const std::filesystem::path& folder, const Settings& config,
                           std::size_t rows, Metadata& metadata) {
  const auto tokenizer = read_text((folder / "tokenizer.json").string());
  if (!tokenizer) return 0;
  const std::string tokenizer_config =
      read_text((folder / "tokenizer_config.json").string()).value_or("");
  Vocabulary vocabulary;
  try {
    vocabulary = text::vocabulary_from_tokenizer_json(*tokenizer, tokenizer_config);
  } catch (const Error& fault) {
    throw Error(fault.kind(), str("{}: {}", folder.string(), fault.what()));
  }
  const std::size_t tokens = vocabulary.tokens.size();
  fill_up(vocabulary, rows);
  set_tables(vocabulary, metadata);
  set_special_tokens(folder, config, vocabulary, metadata);
  set_chat_template(folder, tokenizer_config, metadata);
  return tokens;
}

}  // namespace frugal::model
