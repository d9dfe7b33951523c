#include <limits>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/model.h"
#include "frugal/text/pre_tokenizer.h"

namespace frugal::model {

namespace {

using format::MetaArray;
using format::TensorFile;

[[noreturn]] void corrupt(const TensorFile& file, std::string_view what) {
  throw Error(ErrorKind::kCorrupt, str("{}: {}", file.path(), what));
}

// The array of `key` with every element of type T; empty when absent.
template <class T>
std::vector<T> array_of(const TensorFile& file, std::string_view key, std::string_view type) {
  std::vector<T> out;
  const MetaArray* array = file.metadata().get_array(key);
  if (array == nullptr) return out;
  out.reserve(array->values.size());
  for (const format::MetaValue& value : array->values) {
    const T* element = std::get_if<T>(&value);
    if (element == nullptr) corrupt(file, str("key '{}': expected an array of {}", key, type));
    out.push_back(*element);
  }
  return out;
}

std::optional<text::TokenId> token_id(const TensorFile& file, std::string_view key) {
  const auto id = file.metadata().get_uint(key);
  // Some converters write 2^32 - 1 for "none".
  if (!id || *id == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  if (*id > static_cast<std::uint64_t>(std::numeric_limits<text::TokenId>::max())) {
    corrupt(file, str("key '{}' is {}, expected a token id", key, *id));
  }
  return static_cast<text::TokenId>(*id);
}

// The bytes of an array of 8-bit integers of either sign; empty when absent.
std::string bytes_of(const TensorFile& file, std::string_view key) {
  std::string out;
  const MetaArray* array = file.metadata().get_array(key);
  if (array == nullptr) return out;
  out.reserve(array->values.size());
  for (const format::MetaValue& value : array->values) {
    if (const auto* byte = std::get_if<std::uint8_t>(&value)) {
      out += static_cast<char>(*byte);
    } else if (const auto* small = std::get_if<std::int8_t>(&value)) {
      out += static_cast<char>(*small);
    } else {
      corrupt(file, str("key '{}': expected an array of 8-bit integers", key));
    }
  }
  return out;
}

// The first of several keys that names a token.
std::optional<text::TokenId> token_id(const TensorFile& file, std::string_view key,
                                      std::string_view other) {
  const auto id = token_id(file, key);
  return id ? id : token_id(file, other);
}

void read_tables(const TensorFile& file, text::Vocabulary& v) {
  v.tokens = array_of<std::string>(file, "tokenizer.ggml.tokens", "strings");
  v.scores = array_of<float>(file, "tokenizer.ggml.scores", "32-bit floats");
  v.merges = array_of<std::string>(file, "tokenizer.ggml.merges", "strings");
  v.charsmap = bytes_of(file, "tokenizer.ggml.precompiled_charsmap");
  for (const auto type :
       array_of<std::int32_t>(file, "tokenizer.ggml.token_type", "32-bit integers")) {
    v.types.push_back(static_cast<text::TokenType>(type));
  }
}

// What llama.cpp takes where a file names no token.
struct Defaults {
  std::optional<text::TokenId> bos = {};
  std::optional<text::TokenId> eos = {};
  std::optional<text::TokenId> unknown = {};
  std::optional<text::TokenId> sep = {};
  std::optional<text::TokenId> pad = {};
  std::optional<text::TokenId> mask = {};
};

Defaults defaults_of(std::string_view rule) {
  if (rule == "llama") return {.bos = 1, .eos = 2, .unknown = 0};
  if (rule == "bert") return {.bos = 101, .unknown = 100, .sep = 102, .pad = 0, .mask = 103};
  if (rule == "t5") return {.eos = 1, .unknown = 2, .pad = 0};
  return {};
}

void read_ids(const TensorFile& file, text::Vocabulary& v) {
  const bool classifies = v.model == "bert";
  v.cls = token_id(file, "tokenizer.ggml.cls_token_id");
  v.bos = token_id(file, "tokenizer.ggml.bos_token_id");
  if (classifies && !v.bos) v.bos = v.cls;
  v.eos = token_id(file, "tokenizer.ggml.eos_token_id");
  v.eot = token_id(file, "tokenizer.ggml.eot_token_id");
  v.eom = token_id(file, "tokenizer.ggml.eom_token_id");
  v.unknown = token_id(file, "tokenizer.ggml.unknown_token_id");
  // The first spelling is what converters write.
  v.sep = token_id(file, "tokenizer.ggml.seperator_token_id", "tokenizer.ggml.separator_token_id");
  v.pad = token_id(file, "tokenizer.ggml.padding_token_id");
  v.mask = token_id(file, "tokenizer.ggml.mask_token_id");
  const Defaults defaults = defaults_of(v.model);
  const auto fill = [&](std::optional<text::TokenId>& id, std::optional<text::TokenId> other) {
    if (!id && other && static_cast<std::size_t>(*other) < v.tokens.size()) id = other;
  };
  fill(v.bos, defaults.bos);
  fill(v.eos, defaults.eos);
  fill(v.unknown, defaults.unknown);
  fill(v.sep, defaults.sep);
  fill(v.pad, defaults.pad);
  fill(v.mask, defaults.mask);
}

bool adds_bos_by_default(const text::Vocabulary& v) {
  if (v.model == "llama" || v.model == "bert") return v.bos.has_value();
  if (v.model == "gemma4") return v.bos.has_value();
  return v.model == "gpt2" && v.bos.has_value() && text::find_pre_rule(v.pre).adds_bos;
}

void read_switches(const TensorFile& file, text::Vocabulary& v) {
  const format::Metadata& meta = file.metadata();
  v.add_bos = meta.get_bool("tokenizer.ggml.add_bos_token").value_or(adds_bos_by_default(v));
  // Files of Gemma 4 say false and mean true.
  if (v.model == "gemma4" || v.pre == "gemma4") v.add_bos = v.bos.has_value();
  v.add_eos = meta.get_bool("tokenizer.ggml.add_eos_token").value_or(v.model == "t5" && v.eos);
  v.add_space_prefix =
      meta.get_bool("tokenizer.ggml.add_space_prefix").value_or(v.model == "llama");
  v.remove_extra_spaces = meta.get_bool("tokenizer.ggml.remove_extra_whitespaces").value_or(false);
  v.lowercase = meta.get_bool("tokenizer.ggml.normalizer.lowercase").value_or(true);
  v.strip_accents = meta.get_bool("tokenizer.ggml.normalizer.strip_accents").value_or(v.lowercase);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// Files do not say which special tokens swallow the white space around them; as in llama.cpp, the
// names of the models tell.
void find_stripping_tokens(const TensorFile& file, text::Vocabulary& v) {
  const std::string name = lower_case(file.metadata().get_string("general.name").value_or(""));
  const bool phi3 =
      name.find("phi-3") != std::string::npos || name.find("phi3") != std::string::npos;
  const bool jina = v.pre.find("jina-v2-") != std::string::npos && v.pre != "jina-v2-zh";
  const bool modern_bert = v.pre == "modern-bert" || name.find("modern-bert") != std::string::npos;
  for (std::size_t i = 0; i < v.tokens.size(); ++i) {
    const std::string& token = v.tokens[i];
    const auto id = static_cast<text::TokenId>(i);
    const bool special = i < v.types.size() && (v.types[i] == text::TokenType::kControl ||
                                                v.types[i] == text::TokenType::kUserDefined ||
                                                v.types[i] == text::TokenType::kUnknown);
    const bool plain = token == "<unk>" || token == "<s>" || token == "<|endoftext|>";
    if (phi3 && !plain && (special || token == "</s>")) v.strips_right.push_back(id);
    if (jina && token == "<mask>") v.strips_left.push_back(id);
    if (modern_bert && token == "[MASK]") v.strips_left.push_back(id);
  }
}

}  // namespace

std::shared_ptr<const text::Tokenizer> load_tokenizer(const TensorFile& file) {
  const format::Metadata& meta = file.metadata();
  text::Vocabulary v;
  const auto rule = meta.get_string("tokenizer.ggml.model");
  if (!rule) corrupt(file, "no key 'tokenizer.ggml.model': the file has no vocabulary");
  v.model = std::string(*rule);
  v.pre = std::string(meta.get_string("tokenizer.ggml.pre").value_or(""));
  read_tables(file, v);
  read_ids(file, v);
  try {
    read_switches(file, v);
    find_stripping_tokens(file, v);
    return text::make_tokenizer(std::move(v));
  } catch (const Error& fault) {
    throw Error(fault.kind(), str("{}: {}", file.path(), fault.what()));
  }
}

}  // namespace frugal::model
