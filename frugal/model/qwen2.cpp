#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"

// The llama layer with biases on query, key and value, and halves rotated together.
// Source: Qwen team 2024, arXiv:2407.10671.

namespace frugal::model {

void describe_qwen2(const Reader& reader, Model& model) {
  model.config.rope_pairs = RopePairs::kHalves;
  read_shape(reader, model.config);
  read_rotation(reader, model);
  read_ends(reader, model);
  read_layers(reader, {.attention_bias = Presence::kAlways}, model);
}

}  // namespace frugal::model
