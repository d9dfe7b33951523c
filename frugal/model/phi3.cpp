#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"

// The llama layer with query, key and value in one matrix, gate and up in another, and halves
// rotated together.  The file's sliding window is not applied: the weights that ship with one were
// tuned without it.
// Source: Abdin et al. 2024, arXiv:2404.14219.

namespace frugal::model {

void describe_phi3(const Reader& reader, Model& model) {
  model.config.rope_pairs = RopePairs::kHalves;
  read_shape(reader, model.config);
  read_rotation(reader, model);
  read_ends(reader, model);
  read_layers(reader, {.fused_attention = true, .fused_gate = true}, model);
}

}  // namespace frugal::model
