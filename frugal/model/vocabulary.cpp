#include <limits>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/model.h"

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

}  // namespace

std::shared_ptr<const text::Tokenizer> load_tokenizer(const TensorFile& file) {
  const format::Metadata& meta = file.metadata();
  text::Vocabulary v;
  const auto rule = meta.get_string("tokenizer.ggml.model");
  if (!rule) corrupt(file, "no key 'tokenizer.ggml.model': the file has no vocabulary");
  v.model = std::string(*rule);
  v.pre = std::string(meta.get_string("tokenizer.ggml.pre").value_or(""));
  v.tokens = array_of<std::string>(file, "tokenizer.ggml.tokens", "strings");
  v.scores = array_of<float>(file, "tokenizer.ggml.scores", "32-bit floats");
  v.merges = array_of<std::string>(file, "tokenizer.ggml.merges", "strings");
  for (const auto type :
       array_of<std::int32_t>(file, "tokenizer.ggml.token_type", "32-bit integers")) {
    v.types.push_back(static_cast<text::TokenType>(type));
  }
  const bool spm = v.model == "llama";
  v.bos = token_id(file, "tokenizer.ggml.bos_token_id");
  v.eos = token_id(file, "tokenizer.ggml.eos_token_id");
  v.eot = token_id(file, "tokenizer.ggml.eot_token_id");
  v.unknown = token_id(file, "tokenizer.ggml.unknown_token_id");
  if (spm && !v.bos) v.bos = 1;  // llama.cpp's defaults for SPM
  if (spm && !v.eos) v.eos = 2;
  if (spm && !v.unknown) v.unknown = 0;
  v.add_bos = meta.get_bool("tokenizer.ggml.add_bos_token").value_or(spm);
  v.add_eos = meta.get_bool("tokenizer.ggml.add_eos_token").value_or(false);
  v.add_space_prefix = meta.get_bool("tokenizer.ggml.add_space_prefix").value_or(spm);
  try {
    return text::make_tokenizer(std::move(v));
  } catch (const Error& fault) {
    throw Error(fault.kind(), str("{}: {}", file.path(), fault.what()));
  }
}

}  // namespace frugal::model
