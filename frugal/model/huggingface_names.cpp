#include "frugal/model/huggingface_names.h"

#include <algorithm>
#include <array>

#include "frugal/base/str.h"

namespace frugal::model {

namespace {

// Llama and Mistral rotate halves of a head, (i, i + n/2); GGUF's "llama" rotates neighbours.
constexpr std::array kLlama = {
    NameRule{"model.embed_tokens", "token_embd"},
    NameRule{"model.norm", "output_norm"},
    NameRule{"lm_head", "output"},
    NameRule{"model.layers.#.input_layernorm", "blk.#.attn_norm"},
    NameRule{"model.layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
    NameRule{"model.layers.#.self_attn.q_proj", "blk.#.attn_q", Change::kQueryPairs},
    NameRule{"model.layers.#.self_attn.k_proj", "blk.#.attn_k", Change::kKeyPairs},
    NameRule{"model.layers.#.self_attn.v_proj", "blk.#.attn_v"},
    NameRule{"model.layers.#.self_attn.o_proj", "blk.#.attn_output"},
    NameRule{"model.layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
    NameRule{"model.layers.#.mlp.up_proj", "blk.#.ffn_up"},
    NameRule{"model.layers.#.mlp.down_proj", "blk.#.ffn_down"},
    NameRule{"model.layers.#.self_attn.rotary_emb.inv_freq", "", Change::kDrop},
};

constexpr std::array kQwen = {
    NameRule{"model.embed_tokens", "token_embd"},
    NameRule{"model.norm", "output_norm"},
    NameRule{"lm_head", "output"},
    NameRule{"model.layers.#.input_layernorm", "blk.#.attn_norm"},
    NameRule{"model.layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
    NameRule{"model.layers.#.self_attn.q_proj", "blk.#.attn_q"},
    NameRule{"model.layers.#.self_attn.k_proj", "blk.#.attn_k"},
    NameRule{"model.layers.#.self_attn.v_proj", "blk.#.attn_v"},
    NameRule{"model.layers.#.self_attn.o_proj", "blk.#.attn_output"},
    NameRule{"model.layers.#.self_attn.q_norm", "blk.#.attn_q_norm"},
    NameRule{"model.layers.#.self_attn.k_norm", "blk.#.attn_k_norm"},
    NameRule{"model.layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
    NameRule{"model.layers.#.mlp.up_proj", "blk.#.ffn_up"},
    NameRule{"model.layers.#.mlp.down_proj", "blk.#.ffn_down"},
    NameRule{"model.layers.#.self_attn.rotary_emb.inv_freq", "", Change::kDrop},
};

constexpr std::array kGemma3 = {
    NameRule{"model.embed_tokens", "token_embd"},
    NameRule{"model.norm", "output_norm", Change::kAddOne},
    NameRule{"lm_head", "output"},
    NameRule{"model.layers.#.input_layernorm", "blk.#.attn_norm", Change::kAddOne},
    NameRule{"model.layers.#.post_attention_layernorm", "blk.#.post_attention_norm",
             Change::kAddOne},
    NameRule{"model.layers.#.pre_feedforward_layernorm", "blk.#.ffn_norm", Change::kAddOne},
    NameRule{"model.layers.#.post_feedforward_layernorm", "blk.#.post_ffw_norm", Change::kAddOne},
    NameRule{"model.layers.#.self_attn.q_proj", "blk.#.attn_q"},
    NameRule{"model.layers.#.self_attn.k_proj", "blk.#.attn_k"},
    NameRule{"model.layers.#.self_attn.v_proj", "blk.#.attn_v"},
    NameRule{"model.layers.#.self_attn.o_proj", "blk.#.attn_output"},
    NameRule{"model.layers.#.self_attn.q_norm", "blk.#.attn_q_norm", Change::kAddOne},
    NameRule{"model.layers.#.self_attn.k_norm", "blk.#.attn_k_norm", Change::kAddOne},
    NameRule{"model.layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
    NameRule{"model.layers.#.mlp.up_proj", "blk.#.ffn_up"},
    NameRule{"model.layers.#.mlp.down_proj", "blk.#.ffn_down"},
};

constexpr std::array kPhi3 = {
    NameRule{"model.embed_tokens", "token_embd"},
    NameRule{"model.norm", "output_norm"},
    NameRule{"lm_head", "output"},
    NameRule{"model.layers.#.input_layernorm", "blk.#.attn_norm"},
    NameRule{"model.layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
    NameRule{"model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"},
    NameRule{"model.layers.#.self_attn.o_proj", "blk.#.attn_output"},
    NameRule{"model.layers.#.mlp.gate_up_proj", "blk.#.ffn_up"},
    NameRule{"model.layers.#.mlp.down_proj", "blk.#.ffn_down"},
    NameRule{"model.layers.#.self_attn.rotary_emb.inv_freq", "", Change::kDrop},
};

// GPT-2's linear layers are stored as convolutions of width one, input first.
constexpr std::array kGpt2 = {
    NameRule{"wte", "token_embd"},
    NameRule{"wpe", "position_embd"},
    NameRule{"ln_f", "output_norm"},
    NameRule{"lm_head", "output"},
    NameRule{"h.#.ln_1", "blk.#.attn_norm"},
    NameRule{"h.#.ln_2", "blk.#.ffn_norm"},
    NameRule{"h.#.attn.c_attn", "blk.#.attn_qkv", Change::kTranspose},
    NameRule{"h.#.attn.c_proj", "blk.#.attn_output", Change::kTranspose},
    NameRule{"h.#.mlp.c_fc", "blk.#.ffn_up", Change::kTranspose},
    NameRule{"h.#.mlp.c_proj", "blk.#.ffn_down", Change::kTranspose},
    NameRule{"h.#.attn", "", Change::kDrop},  // "h.#.attn.bias": the causal mask
    NameRule{"h.#.attn.masked_bias", "", Change::kDrop},
};

constexpr std::array kBert = {
    NameRule{"embeddings.word_embeddings", "token_embd"},
    NameRule{"embeddings.position_embeddings", "position_embd"},
    NameRule{"embeddings.token_type_embeddings", "token_types"},
    NameRule{"embeddings.LayerNorm", "token_embd_norm"},
    NameRule{"embeddings.position_ids", "", Change::kDrop},
    NameRule{"encoder.layer.#.attention.self.query", "blk.#.attn_q"},
    NameRule{"encoder.layer.#.attention.self.key", "blk.#.attn_k"},
    NameRule{"encoder.layer.#.attention.self.value", "blk.#.attn_v"},
    NameRule{"encoder.layer.#.attention.output.dense", "blk.#.attn_output"},
    NameRule{"encoder.layer.#.attention.output.LayerNorm", "blk.#.attn_output_norm"},
    NameRule{"encoder.layer.#.intermediate.dense", "blk.#.ffn_up"},
    NameRule{"encoder.layer.#.output.dense", "blk.#.ffn_down"},
    NameRule{"encoder.layer.#.output.LayerNorm", "blk.#.layer_output_norm"},
    NameRule{"classifier", "cls"},
    NameRule{"pooler.dense", "", Change::kDrop},
    NameRule{"cls.predictions*", "", Change::kDrop},
    NameRule{"cls.seq_relationship*", "", Change::kDrop},
};

constexpr std::array kArchitectures = {
    HuggingFaceArchitecture{"LlamaForCausalLM", "llama", "", false, kLlama},
    HuggingFaceArchitecture{"MistralForCausalLM", "llama", "", false, kLlama},
    HuggingFaceArchitecture{"Qwen2ForCausalLM", "qwen2", "", false, kQwen},
    HuggingFaceArchitecture{"Qwen3ForCausalLM", "qwen3", "", false, kQwen},
    HuggingFaceArchitecture{"Gemma3ForCausalLM", "gemma3", "", true, kGemma3},
    HuggingFaceArchitecture{"Phi3ForCausalLM", "phi3", "", false, kPhi3},
    HuggingFaceArchitecture{"GPT2LMHeadModel", "gpt2", "transformer.", true, kGpt2},
    HuggingFaceArchitecture{"BertModel", "bert", "bert.", true, kBert},
    HuggingFaceArchitecture{"BertForMaskedLM", "bert", "bert.", true, kBert},
    HuggingFaceArchitecture{"BertForSequenceClassification", "bert", "bert.", true, kBert},
};

// A name taken apart: "h.12.ln_1.bias" is "h.#.ln_1", "12", ".bias".
struct Taken {
  std::string pattern;
  std::string layer;
  std::string suffix;
};

bool is_number(std::string_view part) {
  constexpr std::size_t kMaxDigits = 6;
  return !part.empty() && part.size() <= kMaxDigits &&
         std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Taken take_apart(std::string_view name) {
  Taken taken;
  // The last two are those of old checkpoints of BERT.
  for (const auto& [theirs, ours] : {std::pair{".weight", ".weight"}, std::pair{".bias", ".bias"},
                                     std::pair{".gamma", ".weight"}, std::pair{".beta", ".bias"}}) {
    if (!name.ends_with(theirs)) continue;
    name.remove_suffix(std::string_view(theirs).size());
    taken.suffix = ours;
    break;
  }
  for (const std::string_view part : split(name, '.')) {
    if (!taken.pattern.empty()) taken.pattern += '.';
    if (taken.layer.empty() && is_number(part)) {
      taken.layer = part;
      taken.pattern += '#';
    } else {
      taken.pattern += part;
    }
  }
  return taken;
}

bool fits(const NameRule& rule, std::string_view pattern) {
  if (!rule.theirs.ends_with('*')) return rule.theirs == pattern;
  return pattern.starts_with(rule.theirs.substr(0, rule.theirs.size() - 1));
}

}  // namespace

const HuggingFaceArchitecture* find_huggingface(std::string_view name) {
  const auto* found =
      std::find_if(kArchitectures.begin(), kArchitectures.end(),
                   [name](const HuggingFaceArchitecture& known) { return known.theirs == name; });
  return found == kArchitectures.end() ? nullptr : found;
}

std::string known_huggingface() {
  std::string all;
  for (const HuggingFaceArchitecture& known : kArchitectures) {
    all += all.empty() ? "" : ", ";
    all += known.theirs;
  }
  return all;
}

std::optional<Renamed> rename(const HuggingFaceArchitecture& architecture, std::string_view name) {
  if (!architecture.prefix.empty() && name.starts_with(architecture.prefix)) {
    name.remove_prefix(architecture.prefix.size());
  }
  const Taken taken = take_apart(name);
  const auto rule = std::find_if(architecture.names.begin(), architecture.names.end(),
                                 [&](const NameRule& r) { return fits(r, taken.pattern); });
  if (rule == architecture.names.end()) return std::nullopt;
  if (rule->change == Change::kDrop) return Renamed{.name = "", .change = Change::kDrop};
  if (taken.suffix.empty()) return std::nullopt;
  std::string ours(rule->ours);
  if (const auto at = ours.find('#'); at != std::string::npos) ours.replace(at, 1, taken.layer);
  const bool is_matrix_change = rule->change == Change::kTranspose;
  return Renamed{
      .name = ours + taken.suffix,
      .change = is_matrix_change && taken.suffix == ".bias" ? Change::kNone : rule->change};
}

}  // namespace frugal::model
