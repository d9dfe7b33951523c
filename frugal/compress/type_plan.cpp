#include "frugal/compress/type_plan.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string_view>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/kernels/round.h"
#include "frugal/model/tensor_names.h"

namespace frugal::compress {

namespace {

using format::TensorFile;
using format::TensorInfo;

constexpr std::size_t kOutsideLayers = 0;

// The layer that a name tells of, from 1; kOutsideLayers: none.
std::size_t layer_of(std::string_view name) {
  constexpr std::string_view kPrefix = "blk.";
  if (!name.starts_with(kPrefix)) return kOutsideLayers;
  std::uint32_t layer = 0;
  const char* from = name.data() + kPrefix.size();
  const auto [end, fault] = std::from_chars(from, name.data() + name.size(), layer);
  return fault == std::errc() && end != from ? std::size_t{layer} + 1 : kOutsideLayers;
}

// By parts of names, as llama.cpp sorts tensors of every architecture.
Role role_of(std::string_view name) {
  struct Part {
    std::string_view text;
    Role role;
  };
  constexpr Part kParts[] = {
      {"attn_qkv.weight", Role::kAttentionV},
      {"attn_kv_b.weight", Role::kAttentionV},
      {"attn_v.weight", Role::kAttentionV},
      {"attn_k.weight", Role::kAttentionK},
      {"attn_q.weight", Role::kOther},
      {"attn_output.weight", Role::kAttentionOutput},
      {"ffn_up", Role::kOther},
      {"ffn_gate", Role::kOther},
      {"ffn_down", Role::kFeedDown},
  };
  if (name == "output.weight") return Role::kOutput;
  if (name == "token_embd.weight" || name == "per_layer_token_embd.weight") return Role::kEmbedding;
  for (const Part& part : kParts) {
    if (name.find(part.text) != std::string_view::npos) return part.role;
  }
  return Role::kOther;
}

std::size_t get_size(const TensorFile& file, const std::string& key) {
  const auto architecture = file.metadata().get_string("general.architecture");
  if (!architecture) return 0;
  const std::string whole = str("{}.{}", *architecture, key);
  const format::MetaValue* value = file.metadata().find(whole);
  if (value == nullptr || std::holds_alternative<format::MetaArray>(*value)) return 0;
  return file.metadata().get_uint(whole).value_or(0);
}

ModelFacts facts_of(const TensorFile& file, bool has_importance) {
  ModelFacts facts;
  const std::size_t heads = get_size(file, "attention.head_count");
  const std::size_t kv_heads = get_size(file, "attention.head_count_kv");
  if (kv_heads > 0) facts.heads_per_kv = heads / kv_heads;
  facts.experts = get_size(file, "expert_count");
  const auto architecture = file.metadata().get_string("general.architecture").value_or("");
  facts.large_shared = get_size(file, "block_count") == 80 && facts.heads_per_kv > 1 &&
                       (architecture == "llama" || architecture == "qwen2");
  facts.has_importance = has_importance;
  return facts;
}

// Where each tensor is; layers in order, whatever the order in the file.
std::vector<Place> places_of(const TensorFile& file) {
  const std::vector<TensorInfo>& tensors = file.tensors();
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const std::size_t first = layer_of(tensors[a].name);
    const std::size_t second = layer_of(tensors[b].name);
    return first != second ? first < second : tensors[a].name < tensors[b].name;
  });
  const bool tied = file.find("output.weight") == nullptr;
  const std::size_t layers = get_size(file, "block_count");
  const bool by_name = get_size(file, "expert_count") > 1;
  std::vector<Place> places(tensors.size());
  std::size_t values = 0;
  std::size_t downs = 0;
  for (const std::size_t i : order) {
    Place& place = places[i];
    place.role = role_of(tensors[i].name);
    place.cols = tensors[i].cols();
    if (place.role == Role::kEmbedding && tied) place.role = Role::kOutput;
    if (!model::is_rounded(tensors[i])) continue;
    if (place.role == Role::kAttentionV) place.index = values++;
    if (place.role == Role::kFeedDown) {
      const std::size_t layer = layer_of(tensors[i].name);
      place.index = by_name && layer != kOutsideLayers ? layer - 1 : downs;
      ++downs;
    }
  }
  for (Place& place : places) place.count = place.role == Role::kAttentionV ? values : layers;
  return places;
}

}  // namespace

TypeRule parse_type_rule(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos) {
    throw Error(ErrorKind::kInvalidArgument,
                str("'{}': expected an expression, '=' and a type", printable(text)));
  }
  const std::string_view name = text.substr(equals + 1);
  const auto type = dtype_from_name(name);
  if (!type || !kernels::can_round(*type)) {
    throw Error(ErrorKind::kInvalidArgument,
                str("'{}': '{}' is no type to round to, expected one such as q4_k or q8_0",
                    printable(text), printable(name)));
  }
  return {text::NamePattern(std::string(text.substr(0, equals))), *type};
}

TypePlan plan_types(const TensorFile& file, const TypeChoice& choice) {
  const std::vector<Place> places = places_of(file);
  const ModelFacts facts = facts_of(file, choice.has_importance);
  std::vector<bool> used(choice.rules.size(), false);
  TypePlan plan;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const TensorInfo& tensor = file.tensors()[i];
    plan.types.push_back(tensor.type);
    if (!model::is_rounded(tensor)) continue;
    DType wanted = choice.keep      ? tensor.type
                   : choice.mixture ? mixed_type(*choice.mixture, places[i], facts)
                                    : choice.type;
    for (std::size_t r = 0; r < choice.rules.size(); ++r) {
      if (!choice.rules[r].pattern.found_in(tensor.name)) continue;
      wanted = choice.rules[r].type;
      used[r] = true;
      break;
    }
    plan.types.back() = fitting_type(wanted, tensor.cols());
    if (plan.types.back() != wanted) {
      plan.fallbacks.push_back({tensor.name, wanted, plan.types.back()});
    }
  }
  const auto idle = std::find(used.begin(), used.end(), false);
  if (idle != used.end()) {
    const TypeRule& rule = choice.rules[static_cast<std::size_t>(idle - used.begin())];
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: '{}' says the type of no matrix, expected an expression found in one's "
                    "name, before others that are",
                    file.path(), printable(rule.pattern.pattern())));
  }
  return plan;
}

}  // namespace frugal::compress
