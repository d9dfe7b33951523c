#include <cmath>

#include "frugal/model/architectures.h"
#include "frugal/model/decoder.h"

// The llama layer with query, key and value in one matrix, gate and up in another, and halves
// rotated together.  Models for long contexts carry two sets of divisors: the short one while the
// sequence has room for no more than the context it was first trained for, the long one beyond.
// The file's sliding window is not applied: the weights that ship with one were tuned without it.
// Source: Abdin et al. 2024, arXiv:2404.14219; LongRoPE: Ding et al. 2024, arXiv:2402.13753.

namespace frugal::model {

namespace {

Angles divided(const Reader& reader, const std::string& tensor, const Angles& plain,
               float magnitude) {
  Angles angles{.frequencies = plain.frequencies, .magnitude = magnitude};
  const std::vector<float> divisors = reader.vector(tensor, plain.frequencies.size());
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    angles.frequencies[i] /= static_cast<double>(divisors[i]);
  }
  return angles;
}

void read_long_rotation(const Reader& reader, Model& model) {
  if (!reader.has("rope_factors_long.weight")) return;
  Rotation& rotation = model.rotations.front();
  const float magnitude = reader.positive_or("rope.scaling.attn_factor", 1.0F);
  const Angles plain = rotation.usual;
  rotation.usual = divided(reader, "rope_factors_short.weight", plain, magnitude);
  rotation.extended = divided(reader, "rope_factors_long.weight", plain, magnitude);
  rotation.usual_context =
      reader.size_or("rope.scaling.original_context_length", model.config.context_length);
}

}  // namespace

void describe_phi3(const Reader& reader, Model& model) {
  model.config.rope_pairs = RopePairs::kHalves;
  read_shape(reader, model.config);
  read_rotation(reader, model);
  read_long_rotation(reader, model);
  read_ends(reader, model);
  read_layers(reader, {.fused_attention = true, .fused_gate = true}, model);
}

}  // namespace frugal::model
