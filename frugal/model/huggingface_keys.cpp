// Two tables hold what is a plain copy; the functions below them hold what depends on something.
// Which keys an architecture gets, and the values of those that config.json may leave out, are
// those of llama.cpp's converter.

#include "frugal/model/huggingface_keys.h"

#include <array>
#include <cmath>
#include <numbers>

#include "frugal/base/str.h"

namespace frugal::model {

namespace {

using format::MetaArray;
using format::Metadata;

struct SizeKey {
  std::string_view ours;
  SettingNames theirs;
  bool needed = false;
};

const std::array kSizes = {
    SizeKey{"block_count", {"num_hidden_layers", "n_layer"}, true},
    SizeKey{"context_length", {"max_position_embeddings", "n_ctx", "n_positions"}},
    SizeKey{"embedding_length", {"hidden_size", "n_embd"}, true},
    SizeKey{"feed_forward_length", {"intermediate_size", "n_inner"}},
    SizeKey{"attention.head_count", {"num_attention_heads", "n_head"}},
    SizeKey{"attention.head_count_kv", {"num_key_value_heads"}},
    SizeKey{"attention.key_length", {"head_dim"}},
    SizeKey{"attention.value_length", {"head_dim"}},
};

struct NumberKey {
  std::string_view ours;
  SettingNames theirs;
};

const std::array kNumbers = {
    NumberKey{"attention.layer_norm_rms_epsilon", {"rms_norm_eps"}},
    NumberKey{"attention.layer_norm_epsilon", {"layer_norm_eps", "layer_norm_epsilon"}},
    NumberKey{"rope.freq_base", {"rope_theta"}},
};

// Writes keys under the name of the architecture.
class Keys {
 public:
  Keys(std::string_view architecture, Metadata& metadata)
      : prefix_(std::string(architecture) + "."), metadata_(metadata) {}

  void size(std::string_view key, std::uint32_t value) { metadata_.set(name(key), value); }
  void number(std::string_view key, double value) {
    metadata_.set(name(key), static_cast<float>(value));
  }
  void flag(std::string_view key, bool value) { metadata_.set(name(key), value); }
  void text(std::string_view key, std::string value) { metadata_.set(name(key), std::move(value)); }
  void texts(std::string_view key, const std::vector<std::string>& values) {
    MetaArray array{.element_type = 8, .values = {}};
    for (const std::string& value : values) array.values.emplace_back(value);
    metadata_.set(name(key), std::move(array));
  }
  [[nodiscard]] bool has(std::string_view key) const {
    return metadata_.find(name(key)) != nullptr;
  }

 private:
  [[nodiscard]] std::string name(std::string_view key) const { return prefix_ + std::string(key); }

  std::string prefix_;
  Metadata& metadata_;
};

// The rotation of the layers that see everything: "rope_parameters" since transformers 5, there
// also one a kind of layer, "rope_scaling" before.
std::optional<Settings> rotation_of(const Settings& config) {
  if (auto parameters = config.section("rope_parameters")) {
    auto full = parameters->section("full_attention");
    return full ? full : parameters;
  }
  return config.section("rope_scaling");
}

std::string rotation_type(const std::optional<Settings>& rotation) {
  if (!rotation) return "default";
  return rotation->text({"rope_type", "type"}).value_or("default");
}

std::optional<double> rotation_base(const Settings& config,
                                    const std::optional<Settings>& rotation) {
  const auto own = rotation ? rotation->number({"rope_theta"}) : std::nullopt;
  return own ? own : config.number({"rope_theta"});
}

// Context before it was stretched.
std::uint32_t first_context(const Settings& config, const std::optional<Settings>& rotation,
                            std::uint32_t fallback) {
  constexpr std::string_view kName = "original_max_position_embeddings";
  const auto own = rotation ? rotation->size({kName}) : std::nullopt;
  return own ? *own : config.size({kName}).value_or(fallback);
}

std::uint32_t head_width(const Settings& config) {
  constexpr std::uint32_t kMax = 65536;
  const Heads heads = heads_of(config);
  const auto width = config.size({"head_dim"});
  const std::uint32_t result =
      width ? *width : config.needed_size({"hidden_size", "n_embd"}) / heads.query;
  if (result == 0 || result > kMax || result % 2 != 0) {
    config.corrupt(str("heads of {} numbers, expected an even count, at most {}", result, kMax));
  }
  return result;
}

// Elements of a head that Phi 3 rotates.
std::uint32_t rotated_width(const Settings& config) {
  const auto rotation = rotation_of(config);
  const auto own = rotation ? rotation->number({"partial_rotary_factor"}) : std::nullopt;
  const double share = own ? *own : config.number({"partial_rotary_factor"}).value_or(1.0);
  if (share <= 0.0 || share > 1.0) {
    config.corrupt(str("'partial_rotary_factor' is {}, expected above 0 and at most 1", share));
  }
  return static_cast<std::uint32_t>(share * head_width(config));
}

void set_stretch(const Settings& config, Keys& keys) {
  const auto rotation = rotation_of(config);
  const std::string type = rotation_type(rotation);
  const auto factor = rotation ? rotation->number({"factor"}) : std::nullopt;
  // What "dynamic" changes lies beyond the trained context; the converter leaves it out too.
  if (type == "default" || type == "llama3" || type == "dynamic") return;
  if (type != "linear" && type != "yarn") {
    config.unsupported(
        str("rotation of type '{}', expected default, linear, yarn or llama3", printable(type)));
  }
  if (!factor) return;
  keys.text("rope.scaling.type", type);
  keys.number("rope.scaling.factor", *factor);
  if (type == "linear") return;
  keys.size("rope.scaling.original_context_length",
            first_context(config, rotation,
                          config.needed_size({"max_position_embeddings", "n_positions"})));
}

void set_common(const Settings& config, Keys& keys) {
  for (const SizeKey& key : kSizes) {
    const auto value = key.needed ? config.needed_size(key.theirs) : config.size(key.theirs);
    if (value) keys.size(key.ours, *value);
  }
  for (const NumberKey& key : kNumbers) {
    if (const auto value = config.number(key.theirs)) keys.number(key.ours, *value);
  }
  if (const auto base = rotation_base(config, rotation_of(config))) {
    keys.number("rope.freq_base", *base);
  }
}

void set_llama(const Settings& config, Keys& keys) {
  set_stretch(config, keys);
  keys.size("vocab_size", config.needed_size({"vocab_size"}));
  keys.size("rope.dimension_count", head_width(config));
}

void set_gemma3(const Settings& config, Keys& keys) {
  set_stretch(config, keys);
  const auto size_or = [&](std::string_view key, std::uint32_t value) {
    if (!keys.has(key)) keys.size(key, value);
  };
  size_or("context_length", 131072);
  size_or("attention.head_count", 8);
  size_or("attention.head_count_kv", 4);
  size_or("attention.key_length", 256);
  size_or("attention.value_length", 256);
  if (!keys.has("attention.layer_norm_rms_epsilon")) {
    keys.number("attention.layer_norm_rms_epsilon", 1e-6);
  }
  if (!keys.has("rope.freq_base")) keys.number("rope.freq_base", 1e6);
  if (config.size({"sliding_window_pattern"}) != 1U) {
    keys.size("attention.sliding_window", config.needed_size({"sliding_window"}));
  }
  if (const auto cap = config.number({"final_logit_softcapping"})) {
    keys.number("final_logit_softcapping", *cap);
  }
  if (config.number({"attn_logit_softcapping"})) {
    config.unsupported("'attn_logit_softcapping', expected none in Gemma 3");
  }
  auto local = config.number({"rope_local_base_freq"});
  if (const auto parameters = config.section("rope_parameters")) {
    const auto sliding = parameters->section("sliding_attention");
    if (sliding && !local) local = sliding->number({"rope_theta"});
  }
  if (local) keys.number("rope.freq_base_swa", *local);
}

// What multiplies the cosines and sines of a stretched Phi 3.
double attention_factor(const Settings& rotation, std::string_view type, std::uint32_t context,
                        std::uint32_t first) {
  if (const auto own = rotation.number({"attention_factor"})) return *own;
  if (first < 2) rotation.corrupt("'original_max_position_embeddings' below 2, expected a context");
  const double stretch = static_cast<double>(context) / static_cast<double>(first);
  // Versions of transformers differ in which of the two they take.
  const double factor = rotation.number({"factor"}).value_or(stretch);
  if (std::abs(factor - stretch) > 1e-3 * stretch) {
    rotation.unsupported(
        str("'factor' is {}, expected {}: the context by the original one", factor, stretch));
  }
  if (stretch <= 1.0) return 1.0;
  return type == "yarn" ? (0.1 * std::log(stretch)) + 1.0
                        : std::sqrt(1.0 + (std::log(stretch) / std::log(first)));
}

void set_phi3(const Settings& config, Keys& keys) {
  const auto rotation = rotation_of(config);
  const std::uint32_t context = config.needed_size({"max_position_embeddings"});
  const std::uint32_t first = first_context(config, rotation, context);
  keys.size("rope.scaling.original_context_length", first);
  keys.size("rope.dimension_count", rotated_width(config));
  keys.size("attention.sliding_window", config.size({"sliding_window"}).value_or(0));
  const std::string type = rotation_type(rotation);
  const bool divided = rotation && rotation->find({"long_factor"}) != nullptr;
  if (type == "default" && !divided) return;
  if (type != "longrope" && type != "su" && type != "yarn") {
    config.unsupported(
        str("rotation of type '{}', expected longrope, su or yarn", printable(type)));
  }
  if (!divided) rotation->corrupt(str("no 'long_factor', expected it for type '{}'", type));
  keys.number("rope.scaling.attn_factor", attention_factor(*rotation, type, context, first));
}

// Names of the classes, but not the two that transformers makes up.
std::vector<std::string> class_names(const Settings& config) {
  std::vector<std::string> names;
  const Json* labels = config.find({"id2label"});
  if (labels == nullptr) return names;
  if (!labels->is_object()) config.corrupt("'id2label' is no object");
  for (const auto& entry : labels->items()) {
    if (!entry.value().is_string()) config.corrupt("'id2label': expected texts");
    names.push_back(entry.value().get<std::string>());
  }
  if (names.size() == 2 && names[0] == "LABEL_0") names.clear();
  return names;
}

void set_bert(const Settings& config, Keys& keys, Metadata& metadata) {
  keys.flag("attention.causal", false);
  metadata.set("tokenizer.ggml.token_type_count", config.size({"type_vocab_size"}).value_or(1));
  const std::vector<std::string> names = class_names(config);
  if (!names.empty()) keys.texts("classifier.output_labels", names);
}

// In doubles and rounded once; the converter's floats differ by at most their last bit.
std::vector<float> llama3_divisors(const Settings& config, const Settings& rotation) {
  const double base = rotation_base(config, rotation).value_or(10000.0);
  const double factor = rotation.number({"factor"}).value_or(8.0);
  const double low = rotation.number({"low_freq_factor"}).value_or(1.0);
  const double high = rotation.number({"high_freq_factor"}).value_or(4.0);
  const double context = first_context(config, rotation, 8192);
  if (!(base > 0.0 && factor > 0.0 && low > 0.0 && high > low && context > 0.0)) {
    rotation.corrupt("expected a base, factors and a context above 0, the high one above the low");
  }
  std::vector<float> divisors;
  const std::uint32_t width = head_width(config);
  for (std::uint32_t i = 0; i < width; i += 2) {
    const double length = 2.0 * std::numbers::pi * std::pow(base, static_cast<double>(i) / width);
    double divisor = factor;
    if (length < context / high) {
      divisor = 1.0;
    } else if (length <= context / low) {
      const double smooth = ((context / length) - low) / (high - low);
      divisor = 1.0 / (((1.0 - smooth) / factor) + smooth);
    }
    divisors.push_back(static_cast<float>(divisor));
  }
  return divisors;
}

}  // namespace

Heads heads_of(const Settings& config) {
  const std::uint32_t query = config.needed_size({"num_attention_heads", "n_head"});
  const std::uint32_t key = config.size({"num_key_value_heads"}).value_or(query);
  if (query == 0 || key == 0) config.corrupt("0 heads, expected 1 or more");
  return {.query = query, .key = key};
}

void set_keys(const Settings& config, const HuggingFaceArchitecture& architecture,
              Metadata& metadata) {
  metadata.set("general.architecture", std::string(architecture.ours));
  Keys keys(architecture.ours, metadata);
  set_common(config, keys);
  if (architecture.ours == "llama") {
    set_llama(config, keys);
  } else if (architecture.ours == "gemma3") {
    set_gemma3(config, keys);
  } else if (architecture.ours == "phi3") {
    set_phi3(config, keys);
  } else if (architecture.ours == "bert") {
    set_bert(config, keys, metadata);
  } else if (architecture.ours == "gpt2") {
    if (!keys.has("feed_forward_length")) {
      keys.size("feed_forward_length", 4 * config.needed_size({"n_embd", "hidden_size"}));
    }
  } else {
    set_stretch(config, keys);
  }
}

std::vector<SettingTensor> rotation_tensors(const Settings& config,
                                            const HuggingFaceArchitecture& architecture) {
  const auto rotation = rotation_of(config);
  if (!rotation) return {};
  if (rotation_type(rotation) == "llama3") {
    if (architecture.ours != "llama") {
      config.unsupported(str("rotation of type 'llama3' in {}", architecture.theirs));
    }
    return {{.name = "rope_freqs.weight", .values = llama3_divisors(config, *rotation)}};
  }
  if (architecture.ours != "phi3" || rotation->find({"long_factor"}) == nullptr) return {};
  std::vector<SettingTensor> tensors = {
      {.name = "rope_factors_long.weight", .values = rotation->numbers("long_factor")},
      {.name = "rope_factors_short.weight", .values = rotation->numbers("short_factor")}};
  const std::size_t expected = rotated_width(config) / 2;
  for (const SettingTensor& tensor : tensors) {
    if (tensor.values.size() == expected && expected > 0) continue;
    rotation->corrupt(
        str("{} factors, expected {}: half the rotated width", tensor.values.size(), expected));
  }
  return tensors;
}

}  // namespace frugal::model
