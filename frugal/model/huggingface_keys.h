#pragma once

/// From config.json to the metadata of a GGUF file, and to the tensors that are only numbers there.

#include <string>
#include <vector>

#include "frugal/format/tensor_file.h"
#include "frugal/model/huggingface_names.h"
#include "frugal/model/huggingface_settings.h"

namespace frugal::model {

/// Sets `general.architecture` and the keys of the architecture.
/// Errors: those of Settings; kUnsupported for a kind of rotation that we do not know.
void set_keys(const Settings& config, const HuggingFaceArchitecture& architecture,
              format::Metadata& metadata);

/// Query heads and key heads.
struct Heads {
  std::uint32_t query;
  std::uint32_t key;
};
[[nodiscard]] Heads heads_of(const Settings& config);

/// A vector that config.json holds as numbers or as the rule for them.
struct SettingTensor {
  std::string name;
  std::vector<float> values;
};

/// `rope_freqs.weight` of Llama 3; `rope_factors_long.weight` and `rope_factors_short.weight` of
/// Phi 3.
///
/// rope_freqs[i] divides the frequency base^(-2i / n): 1 for wave lengths below context / high, the
/// factor above context / low, and between them 1 / ((1 - s) / factor + s) with
/// s = (context / length - low) / (high - low).
/// Errors: those of Settings; kCorrupt for a number of factors other than half the rotated width.
[[nodiscard]] std::vector<SettingTensor> rotation_tensors(
    const Settings& config, const HuggingFaceArchitecture& architecture);

}  // namespace frugal::model
