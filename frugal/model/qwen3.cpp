#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"

// The llama layer with a norm over each query and key head, and halves rotated together.
// Source: Qwen team 2025, arXiv:2505.09388.

namespace frugal::model {

void describe_qwen3(const Reader& reader, Model& model) {
  model.config.rope_pairs = RopePairs::kHalves;
  read_shape(reader, model.config);
  read_rotation(reader, model);
  read_ends(reader, model);
  read_layers(reader, {.attention_bias = Presence::kMaybe, .head_norms = true}, model);
}

}  // namespace frugal::model
