#include "frugal/base/str.h"
#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"

// x = layer_norm(embedding[token] + position[p] + type[0])
// for each layer: x = layer_norm(x + Wo attention(x));  x = layer_norm(x + Wdown gelu(Wup x))
// Tokens see each other both ways; the rows are pooled into one vector, which a classifier may turn
// into scores.
// Source: Devlin et al. 2018, arXiv:1810.04805, section 3.

namespace frugal::model {

namespace {

Pooling read_pooling(const Reader& reader) {
  const std::size_t number = reader.count_or("pooling_type", 1);
  switch (number) {
    case 0:
      return Pooling::kNone;
    case 1:
      return Pooling::kMean;
    case 2:
      return Pooling::kCls;
    case 3:
      return Pooling::kLast;
    case 4:
      return Pooling::kRank;
    default:
      reader.unsupported(str(
          "pooling type {}, expected 0 (none), 1 (mean), 2 (CLS), 3 (last) or 4 (rank)", number));
  }
}

// The first of the token types, which all tokens of one text have.
std::vector<float> first_type(const Reader& reader, std::size_t width) {
  if (!reader.has("token_types.weight")) return {};
  const auto types = static_cast<std::size_t>(reader.tensor("token_types.weight").rows());
  return reader.first_row(reader.weight("token_types.weight", types, width));
}

std::optional<Classifier> read_classifier(const Reader& reader, std::size_t width) {
  const bool dense = reader.has("cls.weight");
  if (!dense && !reader.has("cls.output.weight")) return std::nullopt;
  Classifier classifier;
  if (dense) classifier.dense = read_linear(reader, Presence::kMaybe, "cls", width, width);
  const auto labels = static_cast<std::size_t>(reader.tensor("cls.output.weight").rows());
  classifier.output = read_linear(reader, Presence::kMaybe, "cls.output", labels, width);
  classifier.labels = reader.strings("classifier.output_labels");
  if (!classifier.labels.empty() && classifier.labels.size() != labels) {
    reader.corrupt(str("{} classifier labels for {} rows of 'cls.output.weight', expected one each",
                       classifier.labels.size(), labels));
  }
  return classifier;
}

}  // namespace

void describe_bert(const Reader& reader, Model& model) {
  Config& c = model.config;
  c.norm = NormKind::kLayer;
  c.activation = Activation::kGelu;
  c.causal = false;
  read_shape(reader, c);
  c.pooling = read_pooling(reader);
  model.token_embedding = reader.weight("token_embd.weight", c.vocab_size, c.embedding);
  model.position_embedding = reader.weight("position_embd.weight", c.context_length, c.embedding);
  model.type_embedding = first_type(reader, c.embedding);
  model.embedding_norm = read_norm(reader, c.norm, "token_embd_norm", c.embedding);
  model.classifier = read_classifier(reader, c.embedding);
  read_layers(reader,
              {.attention_bias = Presence::kAlways,
               .output_bias = Presence::kAlways,
               .gated = false,
               .attention_norm = "",
               .attention_end_norm = "attn_output_norm",
               .mlp_norm = "",
               .mlp_end_norm = "layer_output_norm"},
              model);
}

}  // namespace frugal::model
