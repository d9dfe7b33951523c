#include "tests/support/huggingface_folder.h"

#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/format/safetensors_for_test.h"

namespace frugal::test {

namespace {

using format::TensorFile;
using format::TensorInfo;
using Names = std::map<std::string, std::string>;

const Names kDecoder = {{"token_embd", "model.embed_tokens"},
                        {"output_norm", "model.norm"},
                        {"output", "lm_head"},
                        {"attn_norm", "input_layernorm"},
                        {"ffn_norm", "post_attention_layernorm"},
                        {"attn_q", "self_attn.q_proj"},
                        {"attn_k", "self_attn.k_proj"},
                        {"attn_v", "self_attn.v_proj"},
                        {"attn_output", "self_attn.o_proj"},
                        {"attn_q_norm", "self_attn.q_norm"},
                        {"attn_k_norm", "self_attn.k_norm"},
                        {"ffn_gate", "mlp.gate_proj"},
                        {"ffn_up", "mlp.up_proj"},
                        {"ffn_down", "mlp.down_proj"}};

const Names kGemma3 = {{"ffn_norm", "pre_feedforward_layernorm"},
                       {"post_attention_norm", "post_attention_layernorm"},
                       {"post_ffw_norm", "post_feedforward_layernorm"}};

const Names kPhi3 = {{"attn_qkv", "self_attn.qkv_proj"}, {"ffn_up", "mlp.gate_up_proj"}};

const Names kGpt2 = {{"token_embd", "transformer.wte"},
                     {"position_embd", "transformer.wpe"},
                     {"output_norm", "transformer.ln_f"},
                     {"attn_norm", "ln_1"},
                     {"ffn_norm", "ln_2"},
                     {"attn_qkv", "attn.c_attn"},
                     {"attn_output", "attn.c_proj"},
                     {"ffn_up", "mlp.c_fc"},
                     {"ffn_down", "mlp.c_proj"}};

const Names kBert = {{"token_embd", "bert.embeddings.word_embeddings"},
                     {"position_embd", "bert.embeddings.position_embeddings"},
                     {"token_types", "bert.embeddings.token_type_embeddings"},
                     {"token_embd_norm", "bert.embeddings.LayerNorm"},
                     {"attn_q", "attention.self.query"},
                     {"attn_k", "attention.self.key"},
                     {"attn_v", "attention.self.value"},
                     {"attn_output", "attention.output.dense"},
                     {"attn_output_norm", "attention.output.LayerNorm"},
                     {"ffn_up", "intermediate.dense"},
                     {"ffn_down", "output.dense"},
                     {"layer_output_norm", "output.LayerNorm"}};

struct Family {
  std::string architecture;
  std::string layers;  // before the number
  Names names;
};

Family family_of(const std::string& name) {
  const auto with = [](Names extra) {
    extra.insert(kDecoder.begin(), kDecoder.end());  // what is there already stays
    return extra;
  };
  if (name == "llama") return {"LlamaForCausalLM", "model.layers", kDecoder};
  if (name == "qwen2") return {"Qwen2ForCausalLM", "model.layers", kDecoder};
  if (name == "qwen3") return {"Qwen3ForCausalLM", "model.layers", kDecoder};
  if (name == "gemma3") return {"Gemma3ForCausalLM", "model.layers", with(kGemma3)};
  if (name == "phi3") return {"Phi3ForCausalLM", "model.layers", with(kPhi3)};
  if (name == "gpt2") return {"GPT2LMHeadModel", "transformer.h", kGpt2};
  if (name == "bert") return {"BertModel", "bert.encoder.layer", kBert};
  throw std::runtime_error("write_huggingface_folder: architecture " + name);
}

// "blk.3.attn_q.bias" -> "model.layers.3.self_attn.q_proj.bias"
std::string their_name(const Family& family, const std::string& ours) {
  const std::size_t end = ours.rfind('.');
  std::string role = ours.substr(0, end);
  std::string layer;
  if (role.starts_with("blk.")) {
    const std::size_t dot = role.find('.', 4);
    layer = str("{}.{}.", family.layers, role.substr(4, dot - 4));
    role = role.substr(dot + 1);
  }
  return layer + family.names.at(role) + ours.substr(end);
}

// [heads, width / 2, 2] -> [heads, 2, width / 2] of rows.
std::string apart(std::string_view data, std::size_t rows, std::size_t heads) {
  const std::size_t bytes = data.size() / rows;
  const std::size_t half = rows / heads / 2;
  std::string out;
  for (std::size_t h = 0; h < heads; ++h) {
    for (std::size_t s = 0; s < 2; ++s) {
      for (std::size_t i = 0; i < half; ++i) {
        out += data.substr((((h * half) + i) * 2 + s) * bytes, bytes);
      }
    }
  }
  return out;
}

std::string transposed(std::string_view data, std::size_t rows, std::size_t cols) {
  std::string out;
  for (std::size_t c = 0; c < cols; ++c) {
    for (std::size_t r = 0; r < rows; ++r) out += data.substr(((r * cols) + c) * 4, 4);
  }
  return out;
}

std::string less_one(std::string_view data) {
  std::string out(data);
  for (std::size_t at = 0; at < out.size(); at += 4) {
    float value = 0.0F;
    std::memcpy(&value, out.data() + at, 4);
    value -= 1.0F;
    std::memcpy(out.data() + at, &value, 4);
  }
  return out;
}

struct Stored {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::string data;
};

Stored stored(const TensorFile& file, const std::string& architecture, const TensorInfo& tensor) {
  const auto bytes = file.data(tensor);
  Stored out{.name = their_name(family_of(architecture), tensor.name),
             .shape = {tensor.dims.rbegin(), tensor.dims.rend()},
             .data = {reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
  const bool is_matrix = tensor.dims.size() == 2;
  const auto heads = [&](std::string_view key) {
    return file.metadata().get_uint(str("llama.attention.{}", key)).value();
  };
  if (architecture == "llama" && tensor.name.ends_with("attn_q.weight")) {
    out.data = apart(out.data, tensor.rows(), heads("head_count"));
  } else if (architecture == "llama" && tensor.name.ends_with("attn_k.weight")) {
    out.data = apart(out.data, tensor.rows(), heads("head_count_kv"));
  } else if (architecture == "gemma3" && tensor.name.ends_with("norm.weight")) {
    out.data = less_one(out.data);
  } else if (architecture == "gpt2" && is_matrix && tensor.name.starts_with("blk.")) {
    out.data = transposed(out.data, tensor.rows(), tensor.cols());
    std::swap(out.shape[0], out.shape[1]);
  }
  return out;
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

Json config_of(const TensorFile& file, const std::string& architecture) {
  const auto& meta = file.metadata();
  Json config = {{"architectures", {family_of(architecture).architecture}},
                 {"vocab_size", file.find("token_embd.weight")->rows()},
                 {"torch_dtype", "float32"},
                 {"tie_word_embeddings", file.find("output.weight") == nullptr}};
  const std::map<std::string, std::string> sizes =
      architecture == "gpt2" ? Names{{"block_count", "n_layer"},
                                     {"context_length", "n_ctx"},
                                     {"embedding_length", "n_embd"},
                                     {"attention.head_count", "n_head"}}
                             : Names{{"block_count", "num_hidden_layers"},
                                     {"context_length", "max_position_embeddings"},
                                     {"embedding_length", "hidden_size"},
                                     {"feed_forward_length", "intermediate_size"},
                                     {"attention.head_count", "num_attention_heads"},
                                     {"attention.head_count_kv", "num_key_value_heads"},
                                     {"attention.key_length", "head_dim"},
                                     {"attention.sliding_window", "sliding_window"}};
  for (const auto& [ours, theirs] : sizes) {
    if (const auto value = meta.get_uint(architecture + "." + ours)) config[theirs] = *value;
  }
  const Names numbers = {{"attention.layer_norm_rms_epsilon", "rms_norm_eps"},
                         {"attention.layer_norm_epsilon",
                          architecture == "gpt2" ? "layer_norm_epsilon" : "layer_norm_eps"},
                         {"rope.freq_base", "rope_theta"}};
  for (const auto& [ours, theirs] : numbers) {
    if (const auto value = meta.get_float(architecture + "." + ours)) config[theirs] = *value;
  }
  if (file.find("rope_freqs.weight") != nullptr) {
    config["rope_scaling"] = {{"rope_type", "llama3"},
                              {"factor", 8.0},
                              {"low_freq_factor", 1.0},
                              {"high_freq_factor", 4.0},
                              {"original_max_position_embeddings", 64}};
  }
  if (architecture == "bert") config["type_vocab_size"] = file.find("token_types.weight")->rows();
  return config;
}

}  // namespace

void write_huggingface_folder(const std::filesystem::path& folder, const TensorFile& file,
                              const FolderOptions& options) {
  const std::string architecture(file.metadata().get_string("general.architecture").value());
  std::filesystem::create_directories(folder);
  write_text(folder / "config.json", to_line(config_of(file, architecture)));
  if (architecture == "bert") {
    std::filesystem::create_directories(folder / "1_Pooling");
    write_text(folder / "modules.json",
               R"([{"type": "sentence_transformers.models.Transformer", "path": ""},)"
               R"({"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}])");
    write_text(folder / "1_Pooling" / "config.json", R"({"pooling_mode_mean_tokens": true})");
  }
  std::vector<format::SafetensorsBuilder> builders(options.parts);
  if (options.odd_place)
    builders[0].add("model.layers.0.self_attn.rotary_emb.inv_freq", "U8", {1}, "x");
  Json map = Json::object();
  std::size_t count = 0;
  for (const TensorInfo& tensor : file.tensors()) {
    if (tensor.name == "rope_freqs.weight") continue;
    const Stored out = stored(file, architecture, tensor);
    const std::size_t part = count++ % options.parts;
    builders[part].add(out.name, "F32", out.shape, out.data);
    map[out.name] = str("model-{}.safetensors", part);
  }
  if (options.parts == 1) return write_text(folder / "model.safetensors", builders[0].bytes());
  for (std::size_t i = 0; i < options.parts; ++i) {
    write_text(folder / str("model-{}.safetensors", i), builders[i].bytes());
  }
  write_text(folder / "model.safetensors.index.json", to_line({{"weight_map", map}}));
}

}  // namespace frugal::test
