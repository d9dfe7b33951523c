#include "frugal/model/model.h"

#include <array>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/architectures.h"
#include "frugal/tensor/codec.h"

namespace frugal::model {

namespace {

struct Architecture {
  std::string_view name;
  void (*describe)(const Reader& reader, Model& model);
};

constexpr std::array kArchitectures = {Architecture{"llama", describe_llama}};

const Architecture& find_architecture(const format::TensorFile& file, std::string_view name) {
  std::string known;
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.name == name) return architecture;
    known += known.empty() ? "" : ", ";
    known += architecture.name;
  }
  throw Error(ErrorKind::kUnsupported, str("{}: architecture '{}', expected one of: {}",
                                           file.path(), printable(name), known));
}

// A file whose vocabulary this build cannot use can still be run on token ids.
std::shared_ptr<const text::Tokenizer> tokenizer_if_usable(const format::TensorFile& file) {
  if (file.metadata().find("tokenizer.ggml.model") == nullptr) return nullptr;
  try {
    return load_tokenizer(file);
  } catch (const Error& fault) {
    if (fault.kind() == ErrorKind::kUnsupported) return nullptr;
    throw;
  }
}

template <class Visit>
void each_matrix(const Model& model, const Visit& visit) {
  visit(model.token_embedding);
  for (const Layer& l : model.layers) {
    for (const Weight* w :
         {&l.query, &l.key, &l.value, &l.attention_output, &l.gate, &l.up, &l.down}) {
      visit(*w);
    }
  }
  if (model.output.data != model.token_embedding.data) visit(model.output);
}

}  // namespace

Model describe(std::shared_ptr<const format::TensorFile> file) {
  const auto name = file->metadata().get_string("general.architecture");
  if (!name) {
    throw Error(ErrorKind::kCorrupt, str("{}: no key 'general.architecture'", file->path()));
  }
  Model model;
  model.config.architecture = std::string(*name);
  find_architecture(*file, *name).describe(Reader(*file, *name), model);
  model.tokenizer = tokenizer_if_usable(*file);
  if (model.tokenizer && model.tokenizer->size() != model.config.vocab_size) {
    throw Error(ErrorKind::kCorrupt,
                str("{}: {} tokens in the vocabulary, expected {} (rows of 'token_embd.weight')",
                    file->path(), model.tokenizer->size(), model.config.vocab_size));
  }
  model.file = std::move(file);
  return model;
}

Model load(const std::filesystem::path& path) {
  return describe(format::TensorFile::open(path));
}

std::uint64_t Model::weight_bytes() const {
  std::uint64_t bytes = 0;
  each_matrix(*this, [&bytes](const Weight& weight) { bytes += weight.bytes(); });
  std::size_t floats = output_norm.size() + rope_divisors.size();
  for (const Layer& layer : layers) floats += layer.attention_norm.size() + layer.mlp_norm.size();
  return bytes + (sizeof(float) * floats);
}

std::string first_non_finite(const Model& model) {
  std::string place;
  std::vector<float> row;
  each_matrix(model, [&](const Weight& weight) {
    row.resize(weight.cols);
    for (std::size_t r = 0; r < weight.rows && place.empty(); ++r) {
      decode_row(weight.type, weight.data + (r * weight.row_bytes), row);
      for (std::size_t c = 0; c < row.size() && place.empty(); ++c) {
        if (std::isfinite(row[c])) continue;
        place = str("tensor '{}': row {}, column {} is {}", weight.name, r, c, row[c]);
      }
    }
  });
  return place;
}

}  // namespace frugal::model
