#include "frugal/model/model.h"

#include <array>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"
#include "frugal/model/huggingface.h"
#include "frugal/tensor/codec.h"

namespace frugal::model {

namespace {

struct Architecture {
  std::string_view name;
  void (*describe)(const Reader& reader, Model& model);
};

constexpr std::array kArchitectures = {
    Architecture{"llama", describe_llama}, Architecture{"qwen2", describe_qwen2},
    Architecture{"qwen3", describe_qwen3}, Architecture{"gemma3", describe_gemma3},
    Architecture{"phi3", describe_phi3},   Architecture{"gpt2", describe_gpt2},
    Architecture{"bert", describe_bert},
};

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

std::vector<const Linear*> linears_of(const Layer& l) {
  return {&l.query, &l.key, &l.value, &l.attention_output, &l.gate, &l.up, &l.down};
}

std::vector<const Norm*> norms_of(const Layer& l) {
  return {&l.attention_norm,      &l.query_norm,         &l.key_norm,
          &l.attention_post_norm, &l.attention_end_norm, &l.mlp_norm,
          &l.mlp_post_norm,       &l.mlp_end_norm,       &l.exit_norm};
}

// Every matrix once.  Biases and norms were copied to floats, and checked, on loading.
template <class Visit>
void each_matrix(const Model& model, const Visit& visit) {
  visit(model.token_embedding);
  if (!model.position_embedding.empty()) visit(model.position_embedding);
  for (const Layer& layer : model.layers) {
    for (const Linear* linear : linears_of(layer)) {
      if (!linear->weight.empty()) visit(linear->weight);
    }
  }
  if (!model.output.weight.empty() && !model.tied()) visit(model.output.weight);
  if (model.classifier) {
    if (!model.classifier->dense.weight.empty()) visit(model.classifier->dense.weight);
    visit(model.classifier->output.weight);
  }
}

std::size_t floats_of(const Norm& norm) {
  return norm.gain.size() + norm.bias.size();
}

}  // namespace

std::size_t first_row_of(const Model& model, const Weight& weight) {
  const format::TensorInfo* stored = model.file->find(weight.name);
  return stored == nullptr
             ? 0
             : static_cast<std::size_t>(weight.data - stored->data) / weight.row_bytes;
}

Model describe(std::shared_ptr<const format::TensorFile> file) {
  const auto name = file->metadata().get_string("general.architecture");
  if (!name) {
    throw Error(ErrorKind::kCorrupt, str("{}: no key 'general.architecture'", file->path()));
  }
  Model model;
  model.config.architecture = std::string(*name);
  const Reader reader(*file, *name);
  find_architecture(*file, *name).describe(reader, model);
  read_exits(reader, model);
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
  return describe(open_tensors(path));
}

std::uint64_t Model::weight_bytes() const {
  std::uint64_t bytes = 0;
  each_matrix(*this, [&bytes](const Weight& weight) { bytes += weight.bytes(); });
  std::size_t floats = floats_of(embedding_norm) + floats_of(output_norm) + type_embedding.size() +
                       output.bias.size();
  if (classifier) floats += classifier->dense.bias.size() + classifier->output.bias.size();
  for (const Layer& layer : layers) {
    for (const Norm* norm : norms_of(layer)) floats += floats_of(*norm);
    for (const Linear* linear : linears_of(layer)) floats += linear->bias.size();
  }
  return bytes + (sizeof(float) * floats);
}

std::vector<std::size_t> Model::exits() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].exit_norm.empty()) out.push_back(i);
  }
  return out;
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
        place = str("tensor '{}': row {}, column {} is {}", weight.name,
                    first_row_of(model, weight) + r, c, row[c]);
      }
    }
  });
  return place;
}

}  // namespace frugal::model
