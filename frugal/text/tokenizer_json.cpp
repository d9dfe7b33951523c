/// The idea.
///
/// A tokenizer.json describes a pipeline of small steps; our rules are whole pipelines.  So the
/// model's type and the steps around it are recognised, and what is not recognised is refused:
/// a step left out would give other ids in silence.
///
/// SentencePiece's BPE models were turned into lists of merges on their way to Hugging Face.  Our
/// rule for them wants scores: a token gets minus the rank of the first merge that makes it, so
/// that the earliest merge is the best score.  Tokens that no merge makes score below all.

#include "frugal/text/tokenizer_json.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/text/base64.h"
#include "frugal/text/pipeline.h"
#include "frugal/text/spaces.h"
#include "frugal/text/token_index.h"
#include "frugal/text/vocabulary_draft.h"

namespace frugal::text {
namespace {

using Halves = std::pair<std::string, std::string>;

// The document and what becomes of it.
struct Conversion {
  JsonNode root;
  JsonNode config;
  JsonNode model;
  Pipeline normalizer;
  Pipeline pre_tokenizer;
  VocabularyDraft draft;
  Vocabulary vocabulary;
};

[[noreturn]] void unsupported(const JsonNode& place, std::string_view found,
                              std::string_view expected) {
  throw Error(ErrorKind::kUnsupported,
              str("{}: {}, expected {}", place.place(), printable(found), expected));
}

// --- The model's own tables ----------------------------------------------------------------------

void read_ids(Conversion& job) {
  const JsonNode table = job.model.at("vocab");
  for (const auto& [name, id] : table.members().items()) {
    const JsonNode node(id, table.place());  // naming each place would take longer than reading
    job.draft.put(node.integer(), name, table);
  }
}

Halves read_merge(const JsonNode& merge) {
  if (merge.is_array()) {
    const std::vector<JsonNode> parts = merge.items();
    if (parts.size() != 2) merge.refuse("two parts");
    return {parts[0].text(), parts[1].text()};
  }
  const std::string& text = merge.text();
  const std::size_t space = text.empty() ? std::string::npos : text.find(' ', 1);
  if (space == std::string::npos) merge.refuse("two parts with a space between");
  return {text.substr(0, space), text.substr(space + 1)};
}

std::vector<Halves> read_merges(const Conversion& job) {
  std::vector<Halves> out;
  for (const JsonNode& merge : job.model.at("merges").items()) out.push_back(read_merge(merge));
  return out;
}

// Tokens with scores; the place in the list is the id.
void read_scored_tokens(Conversion& job) {
  std::int64_t id = 0;
  for (const JsonNode& entry : job.model.at("vocab").items()) {
    const std::vector<JsonNode> parts = entry.items();
    if (parts.size() != 2) entry.refuse("a token and its score");
    const double score = parts[1].number();
    if (std::abs(score) > double{std::numeric_limits<float>::max()}) {
      parts[1].refuse("a score that a float can hold");
    }
    job.draft.put(id++, parts[0].text(), entry).score = static_cast<float>(score);
  }
}

// --- BPE -----------------------------------------------------------------------------------------

void convert_byte_level(Conversion& job) {
  job.normalizer.allow_only({"NFC"});
  Vocabulary& v = job.vocabulary;
  v.model = "gpt2";
  v.ignore_merges = job.model.flag_or("ignore_merges", false);
  v.pre = recognise_pre_tokenizer(job.pre_tokenizer, *v.ignore_merges);
  v.add_space_prefix = false;
  for (const auto& [left, right] : read_merges(job)) {
    // Byte-level texts have no space; a half that has one could not be told apart from two.
    if (left.empty() || left.find(' ') != std::string::npos) continue;
    v.merges.push_back(str("{} {}", left, right));
  }
}

// Tokens that stand for a byte, where the model falls back on them.
void mark_byte_tokens(Conversion& job) {
  if (!job.model.flag_or("byte_fallback", false)) return;
  for (auto& [id, token] : job.draft.tokens()) {
    if (parse_byte_token(token.text)) token.type = TokenType::kByte;
  }
}

// Refuses steps of a known kind that do what our rule does not.
void check_character_steps(const Conversion& job) {
  job.normalizer.allow_only({"Prepend", "Replace", "NFC", "NFKC"});
  job.pre_tokenizer.allow_only({"Metaspace", "Split"});
  for (const JsonNode& step : job.normalizer.steps()) {
    if (type_of(step) == "Replace" &&
        (pattern_of(step) != " " || step.at("content").text() != kSpaceMark)) {
      unsupported(step, str("replaces '{}'", pattern_of(step)), "' ' by U+2581");
    }
    if (type_of(step) == "Prepend" && step.at("prepend").text() != kSpaceMark) {
      unsupported(step, "puts another text than U+2581 in front", "U+2581");
    }
  }
  const bool replaced = job.normalizer.has("Replace");
  if (!replaced && !job.pre_tokenizer.has("Metaspace")) {
    unsupported(job.model, "BPE on characters without U+2581", "spaces as U+2581");
  }
  for (const JsonNode& step : job.pre_tokenizer.steps()) {
    if (type_of(step) == "Split" && !(replaced && pattern_of(step) == " ")) {
      unsupported(step, str("splits at '{}'", pattern_of(step)), "' ', which is replaced before");
    }
  }
}

// Whether a space goes in front of a text, by the steps that may say so.
bool puts_space_first(const Conversion& job) {
  if (job.normalizer.has("Prepend")) return true;
  const auto spaces = job.pre_tokenizer.find("Metaspace");
  if (!spaces) return false;
  const std::string scheme = spaces->text_or_empty("prepend_scheme");
  if (!scheme.empty()) return scheme != "never";
  return spaces->flag_or("add_prefix_space", true);
}

void score_by_merges(Conversion& job) {
  const std::vector<Halves> merges = read_merges(job);
  const auto lowest = -static_cast<float>(merges.size()) - 1.0F;
  for (auto& [id, token] : job.draft.tokens()) token.score = lowest;
  float score = 0.0F;
  for (const auto& [left, right] : merges) {
    score -= 1.0F;
    const std::optional<TokenId> result = job.draft.find(left + right);
    if (!result) continue;
    float& known = job.draft.at(*result)->score;
    known = std::max(known, score);
  }
}

void convert_character_level(Conversion& job) {
  check_character_steps(job);
  Vocabulary& v = job.vocabulary;
  v.model = "llama";
  v.add_space_prefix = puts_space_first(job);
  score_by_merges(job);
  mark_byte_tokens(job);
}

bool is_byte_level(const Conversion& job) {
  if (job.pre_tokenizer.has("ByteLevel")) return true;
  const auto decoder = job.root.find("decoder");
  return decoder && decoder->text_or_empty("type") == "ByteLevel";
}

void convert_bpe(Conversion& job) {
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!job.model.text_or_empty(key).empty()) unsupported(job.model, key, "BPE without it");
  }
  read_ids(job);
  if (is_byte_level(job)) {
    convert_byte_level(job);
  } else {
    convert_character_level(job);
  }
}

// --- WordPiece and Unigram -----------------------------------------------------------------------

void convert_word_piece(Conversion& job) {
  job.normalizer.allow_only({"BertNormalizer", "NFD", "Lowercase", "StripAccents"});
  job.pre_tokenizer.allow_only({"BertPreTokenizer"});
  Vocabulary& v = job.vocabulary;
  v.model = "bert";
  v.add_space_prefix = false;
  v.lowercase = job.normalizer.has("Lowercase");
  v.strip_accents = job.normalizer.has("StripAccents");
  if (const auto bert = job.normalizer.find("BertNormalizer")) {
    v.lowercase = bert->flag_or("lowercase", true);
    v.strip_accents = bert->flag_or("strip_accents", v.lowercase);
  }
  const auto prefix = job.model.find("continuing_subword_prefix");
  const std::string goes_on = prefix ? prefix->text() : "##";
  read_ids(job);
  for (auto& [id, token] : job.draft.tokens()) {
    const bool special = token.text.starts_with('[') && token.text.ends_with(']');
    if (!goes_on.empty() && token.text.starts_with(goes_on)) {
      token.text.erase(0, goes_on.size());
    } else if (!special || token.text.size() == 1) {
      token.text.insert(0, kSpaceMark);
    }
  }
}

bool merges_spaces(const JsonNode& step) {
  return type_of(step) == "Replace" && pattern_of(step) == " {2,}";
}

void convert_unigram(Conversion& job) {
  job.normalizer.allow_only({"Precompiled", "Replace", "Strip"});
  job.pre_tokenizer.allow_only({"Metaspace", "WhitespaceSplit"});
  Vocabulary& v = job.vocabulary;
  v.model = "t5";
  v.remove_extra_spaces = job.pre_tokenizer.has("WhitespaceSplit");
  for (const JsonNode& step : job.normalizer.steps()) {
    if (merges_spaces(step)) {
      v.remove_extra_spaces = true;
    } else if (type_of(step) == "Replace") {
      unsupported(step, str("replaces '{}'", pattern_of(step)), "' {2,}' at most");
    }
  }
  v.add_space_prefix = puts_space_first(job);
  if (const auto compiled = job.normalizer.find("Precompiled")) {
    const JsonNode map = compiled->at("precompiled_charsmap");
    std::optional<std::string> bytes = decode_base64(map.text());
    if (!bytes) map.refuse("base64");
    v.charsmap = *std::move(bytes);
  }
  read_scored_tokens(job);
  if (const auto unknown = job.model.find("unk_id")) {
    const std::int64_t id = unknown->integer();
    const bool fits = id >= 0 && id < static_cast<std::int64_t>(job.draft.tokens().size());
    if (!fits) unknown->refuse("the id of a token");
    v.unknown = static_cast<TokenId>(id);
  }
  mark_byte_tokens(job);
}

// --- What all models share -----------------------------------------------------------------------

void add_tokens(Conversion& job) {
  const auto added = job.root.find("added_tokens");
  if (!added) return;
  // Cut out of the text before a space is written as U+2581.
  const bool marks_spaces = job.vocabulary.model == "llama" || job.vocabulary.model == "t5";
  for (const JsonNode& entry : added->items()) {
    const std::string& name = entry.at("content").text();
    const std::int64_t id = entry.at("id").integer();
    VocabularyDraft::Token& token = job.draft.put(id, name, entry);
    const bool special = entry.flag_or("special", false);
    token.type = special ? TokenType::kControl : TokenType::kUserDefined;
    token.text = !special && marks_spaces ? unescape_spaces(name) : name;
    const auto number = static_cast<TokenId>(id);
    if (entry.flag_or("lstrip", false)) job.vocabulary.strips_left.push_back(number);
    if (entry.flag_or("rstrip", false)) job.vocabulary.strips_right.push_back(number);
  }
}

// A token of the configuration, which is a string or an object with one.
std::optional<TokenId> named_token(const Conversion& job, std::string_view key) {
  const auto named = job.config.find(key);
  if (!named) return std::nullopt;
  return job.draft.find(named->is_text() ? named->text() : named->at("content").text());
}

void find_named_tokens(Conversion& job) {
  Vocabulary& v = job.vocabulary;
  v.bos = named_token(job, "bos_token");
  v.eos = named_token(job, "eos_token");
  v.cls = named_token(job, "cls_token");
  v.sep = named_token(job, "sep_token");
  v.pad = named_token(job, "pad_token");
  v.mask = named_token(job, "mask_token");
  if (!v.unknown) v.unknown = job.draft.find(job.model.text_or_empty("unk_token"));
  if (!v.unknown && v.model != "gpt2") v.unknown = named_token(job, "unk_token");
  if (v.unknown && v.model != "gpt2") job.draft.at(*v.unknown)->type = TokenType::kUnknown;
}

// What a post-processor puts around a text.
struct Frame {
  std::vector<TokenId> before;
  std::vector<TokenId> after;
};

void read_template(const Conversion& job, const JsonNode& step, Frame& frame) {
  std::vector<TokenId>* side = &frame.before;
  for (const JsonNode& part : step.at("single").items()) {
    if (part.find("Sequence")) {
      side = &frame.after;
      continue;
    }
    const JsonNode name = part.at("SpecialToken").at("id");
    const std::optional<TokenId> id = job.draft.find(name.text());
    if (!id) name.refuse("the name of a token");
    side->push_back(*id);
  }
}

TokenId framing_token(const Conversion& job, const JsonNode& pair) {
  const std::vector<JsonNode> parts = pair.items();
  if (parts.empty()) pair.refuse("a token and its id");
  const std::optional<TokenId> id = job.draft.find(parts[0].text());
  if (!id) parts[0].refuse("the name of a token");
  return *id;
}

Frame read_frame(const Conversion& job) {
  Frame frame;
  const Pipeline steps(job.root.find("post_processor"));
  for (const JsonNode& step : steps.steps()) {
    const std::string type = type_of(step);
    if (type == "TemplateProcessing") {
      read_template(job, step, frame);
    } else if (type == "BertProcessing" || type == "RobertaProcessing") {
      frame.before.push_back(framing_token(job, step.at("cls")));
      frame.after.push_back(framing_token(job, step.at("sep")));
    }
  }
  return frame;
}

void frame_texts(Conversion& job) {
  Vocabulary& v = job.vocabulary;
  const Frame frame = read_frame(job);
  const bool one_before = frame.before.size() == 1;
  const bool one_after = frame.after.size() == 1;
  v.add_bos = job.config.flag_or("add_bos_token", one_before);
  v.add_eos = job.config.flag_or("add_eos_token", one_after);
  if (v.model == "bert") {
    if (one_before) v.cls = frame.before[0];
    if (one_after) v.sep = frame.after[0];
    v.bos = v.cls;
    v.add_bos = v.bos.has_value();
    v.add_eos = false;
    return;
  }
  // What is really put there goes before what is only called so.
  if (one_before && v.add_bos) v.bos = frame.before[0];
  if (one_after && v.add_eos) v.eos = frame.after[0];
  v.add_bos = v.add_bos && v.bos;
  v.add_eos = v.add_eos && v.eos;
}

std::string model_type(const JsonNode& model) {
  std::string type = model.text_or_empty("type");
  if (!type.empty()) return type;
  // Older files leave it out.
  if (model.find("merges")) return "BPE";
  return model.at("vocab").is_array() ? "Unigram" : "WordPiece";
}

void convert_model(Conversion& job) {
  const std::string type = model_type(job.model);
  if (type == "BPE") {
    convert_bpe(job);
  } else if (type == "WordPiece") {
    convert_word_piece(job);
  } else if (type == "Unigram") {
    convert_unigram(job);
  } else {
    unsupported(job.model, str("is '{}'", type), "one of: BPE, WordPiece, Unigram");
  }
}

}  // namespace

Vocabulary vocabulary_from_tokenizer_json(std::string_view tokenizer_json,
                                          std::string_view tokenizer_config_json) {
  const SortedJson document = parse_sorted_json(tokenizer_json, "tokenizer.json");
  const SortedJson config = tokenizer_config_json.empty()
                                ? SortedJson::object()
                                : parse_sorted_json(tokenizer_config_json, "tokenizer_config.json");
  const JsonNode root(document, "tokenizer.json");
  Conversion job = {.root = root,
                    .config = JsonNode(config, "tokenizer_config.json"),
                    .model = root.at("model"),
                    .normalizer = Pipeline(root.find("normalizer")),
                    .pre_tokenizer = Pipeline(root.find("pre_tokenizer")),
                    .draft = {},
                    .vocabulary = {}};
  convert_model(job);
  add_tokens(job);
  find_named_tokens(job);
  frame_texts(job);
  job.draft.finish(job.vocabulary);
  return std::move(job.vocabulary);
}

}  // namespace frugal::text
