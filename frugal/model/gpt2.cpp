#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"

// Learned positions, layer norms before each sublayer, biases everywhere, a plain GELU.
// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3.

namespace frugal::model {

void describe_gpt2(const Reader& reader, Model& model) {
  Config& c = model.config;
  c.norm = NormKind::kLayer;
  c.activation = Activation::kGelu;
  read_shape(reader, c);
  model.position_embedding = reader.weight("position_embd.weight", c.context_length, c.embedding);
  read_ends(reader, model);
  read_layers(reader,
              {.fused_attention = true,
               .attention_bias = Presence::kAlways,
               .output_bias = Presence::kAlways,
               .gated = false},
              model);
}

}  // namespace frugal::model
