#include "frugal/model/huggingface.h"

#include <algorithm>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/format/safetensors.h"
#include "frugal/model/huggingface_keys.h"
#include "frugal/model/huggingface_names.h"
#include "frugal/model/huggingface_settings.h"
#include "frugal/model/huggingface_tensors.h"
#include "frugal/model/huggingface_vocabulary.h"

namespace frugal::model {

namespace {

using format::Metadata;
using format::SafeTensor;
using format::Safetensors;
using format::TensorFileParts;
using format::TensorInfo;

const HuggingFaceArchitecture& architecture_of(const Settings& config) {
  const Json* names = config.find({"architectures"});
  if (names == nullptr || !names->is_array() || names->empty() || !names->front().is_string()) {
    config.corrupt("no 'architectures', expected a list with one name");
  }
  const auto name = names->front().get<std::string>();
  const HuggingFaceArchitecture* known = find_huggingface(name);
  if (known == nullptr) {
    config.unsupported(
        str("architecture '{}', expected one of: {}", printable(name), known_huggingface()));
  }
  return *known;
}

// Pooling of an embedding model, by modules.json of sentence-transformers: 1 mean, 2 first token,
// 3 last token.
std::optional<std::uint32_t> pooling_of(const std::filesystem::path& folder) {
  const std::string path = (folder / "modules.json").string();
  const auto modules = read_small_json(path);
  if (!modules) return std::nullopt;
  if (!modules->is_array()) {
    throw Error(ErrorKind::kCorrupt, str("{}: no list, expected modules", path));
  }
  for (const Json& entry : *modules) {
    const Settings module(entry, path);
    if (!module.text({"type"}).value_or("").ends_with("Pooling")) continue;
    const std::string name = module.text({"path"}).value_or("");
    if (name.empty() || name.find('/') != std::string::npos || name == "..") {
      module.corrupt(str("path '{}', expected a folder in this one", printable(name)));
    }
    const auto pooling = read_settings((folder / name / "config.json").string());
    if (!pooling) return std::nullopt;
    if (pooling->flag("pooling_mode_mean_tokens").value_or(false)) return 1;
    if (pooling->flag("pooling_mode_cls_token").value_or(false)) return 2;
    if (pooling->flag("pooling_mode_lasttoken").value_or(false)) return 3;
    pooling->unsupported("no pooling by mean, first or last token");
  }
  return std::nullopt;
}

// The folder's own name, also of "." and "x/".
std::string name_of(const std::filesystem::path& folder) {
  std::error_code fault;
  const std::filesystem::path whole = std::filesystem::weakly_canonical(folder, fault);
  const std::filesystem::path& named = fault ? folder : whole;
  return named.has_filename() ? named.filename().string() : named.parent_path().filename().string();
}

// `general.file_type`: the type of most numbers.
std::uint32_t file_type(const std::vector<TensorInfo>& tensors) {
  std::uint64_t half = 0;
  std::uint64_t brain = 0;
  std::uint64_t all = 0;
  for (const TensorInfo& tensor : tensors) {
    const std::uint64_t numbers = tensor.rows() * tensor.cols();
    all += numbers;
    if (tensor.type == DType::kF16) half += numbers;
    if (tensor.type == DType::kBF16) brain += numbers;
  }
  if (half > all / 2) return 1;
  return brain > all / 2 ? 32 : 0;
}

// Takes the tensors over one by one.
class Translator {
 public:
  Translator(const Settings& config, const HuggingFaceArchitecture& architecture,
             TensorFileParts& parts)
      : architecture_(architecture),
        parts_(parts),
        heads_(heads_of(config)),
        labelled_(parts.metadata.find(str("{}.classifier.output_labels", architecture.ours))),
        tied_(config.flag("tie_word_embeddings")) {}

  void take(const Safetensors& source) {
    for (const SafeTensor& tensor : source.tensors) take(tensor);
    const bool has_output = is_there("output.weight");
    if (tied_ == false && !has_output && architecture_.ours != "bert") {
      throw Error(ErrorKind::kCorrupt,
                  str("{}: no tensor 'lm_head.weight', expected it where 'tie_word_embeddings' is "
                      "false",
                      parts_.path));
    }
  }

  void add(Translated translated) {
    parts_.tensors.push_back(std::move(translated.info));
    if (translated.owner) parts_.owners.push_back(std::move(translated.owner));
  }

 private:
  void take(const SafeTensor& tensor) {
    auto renamed = rename(architecture_, tensor.name);
    if (!renamed) {
      throw Error(ErrorKind::kUnsupported, str("{}: tensor '{}', expected those of {}", parts_.path,
                                               printable(tensor.name), architecture_.theirs));
    }
    if (renamed->change == Change::kDrop) return;
    // A tied output is the embedding again, and may be stale.
    if (renamed->name == "output.weight" && tied_.value_or(architecture_.tied)) return;
    if (labelled_ != nullptr && renamed->name.starts_with("cls.")) {
      renamed->name.replace(0, 4, "cls.output.");
    }
    add(translate(tensor, *renamed, heads_, parts_.path));
  }

  [[nodiscard]] bool is_there(std::string_view name) const {
    return std::any_of(parts_.tensors.begin(), parts_.tensors.end(),
                       [name](const TensorInfo& tensor) { return tensor.name == name; });
  }

  const HuggingFaceArchitecture& architecture_;
  TensorFileParts& parts_;
  Heads heads_;
  const format::MetaValue* labelled_;
  std::optional<bool> tied_;
};

TensorInfo& embedding_of(TensorFileParts& parts) {
  const auto found =
      std::find_if(parts.tensors.begin(), parts.tensors.end(),
                   [](const TensorInfo& tensor) { return tensor.name == "token_embd.weight"; });
  if (found != parts.tensors.end() && found->dims.size() == 2) return *found;
  throw Error(ErrorKind::kCorrupt, str("{}: no matrix of token embeddings", parts.path));
}

// Gemma 3 comes with rows for tokens that do not exist; the other families get the tokens instead.
void fit_embedding(TensorInfo& embedding, std::size_t tokens, const TensorFileParts& parts,
                   std::string_view architecture) {
  const std::uint64_t rows = embedding.rows();
  if (tokens > rows) {
    throw Error(ErrorKind::kCorrupt, str("{}: {} tokens in the vocabulary, expected at most {} "
                                         "(rows of the embedding)",
                                         parts.path, tokens, rows));
  }
  if (architecture != "gemma3" || tokens == 0) return;
  embedding.bytes = embedding.bytes / rows * tokens;
  embedding.dims[1] = tokens;
}

}  // namespace

std::shared_ptr<const format::TensorFile> open_huggingface(const std::filesystem::path& directory) {
  const auto config = read_settings((directory / "config.json").string());
  if (!config) {
    throw Error(ErrorKind::kNotFound,
                str("{}: no config.json, expected a folder of Hugging Face", directory.string()));
  }
  const HuggingFaceArchitecture& architecture = architecture_of(*config);
  Safetensors source = format::open_safetensors(directory);

  TensorFileParts parts;
  parts.path = directory.string();
  parts.container = "Hugging Face";
  parts.file_bytes = source.file_bytes;
  set_keys(*config, architecture, parts.metadata);
  Translator translator(*config, architecture, parts);
  for (const SettingTensor& tensor : rotation_tensors(*config, architecture)) {
    translator.add(vector_tensor(tensor));
  }
  translator.take(source);
  std::move(source.owners.begin(), source.owners.end(), std::back_inserter(parts.owners));

  TensorInfo& embedding = embedding_of(parts);
  const std::size_t rows = architecture.ours == "gemma3" ? 0 : embedding.rows();
  const std::size_t tokens = set_vocabulary(directory, *config, rows, parts.metadata);
  fit_embedding(embedding, tokens, parts, architecture.ours);
  parts.metadata.set("general.type", std::string("model"));
  parts.metadata.set("general.name", name_of(directory));
  parts.metadata.set("general.file_type", file_type(parts.tensors));
  parts.metadata.set("general.quantization_version", std::uint32_t{2});
  if (const auto pooling = pooling_of(directory)) {
    parts.metadata.set(str("{}.pooling_type", architecture.ours), *pooling);
  }
  return std::make_shared<const format::TensorFile>(std::move(parts));
}

std::shared_ptr<const format::TensorFile> open_tensors(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) ? open_huggingface(path)
                                                      : format::TensorFile::open(path);
}

}  // namespace frugal::model
