#include "frugal/model/huggingface_names.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace frugal::model {
namespace {

constexpr std::array kKnown = {
    "LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM",
    "Qwen3ForCausalLM", "Gemma3ForCausalLM",  "Phi3ForCausalLM",
    "GPT2LMHeadModel",  "BertModel",          "BertForSequenceClassification"};

std::string renamed(std::string_view architecture, std::string_view name) {
  const auto result = rename(*find_huggingface(architecture), name);
  return result ? result->name : "?";
}

TEST(HuggingFaceNames, KnowsWhatTheMessageLists) {
  for (const char* name : kKnown) {
    ASSERT_NE(find_huggingface(name), nullptr) << name;
    EXPECT_NE(known_huggingface().find(name), std::string::npos);
  }
  EXPECT_EQ(find_huggingface("llama"), nullptr);
  EXPECT_EQ(find_huggingface(""), nullptr);
}

TEST(HuggingFaceNames, KeepsTheLayerAndTheKindOfNumbers) {
  EXPECT_EQ(renamed("LlamaForCausalLM", "model.layers.31.mlp.up_proj.weight"),
            "blk.31.ffn_up.weight");
  EXPECT_EQ(renamed("Qwen2ForCausalLM", "model.layers.0.self_attn.v_proj.bias"),
            "blk.0.attn_v.bias");
  EXPECT_EQ(renamed("BertModel", "encoder.layer.7.output.LayerNorm.beta"),
            "blk.7.layer_output_norm.bias");
}

TEST(HuggingFaceNames, ThePrefixMayBeMissing) {
  EXPECT_EQ(renamed("GPT2LMHeadModel", "transformer.h.1.ln_1.weight"), "blk.1.attn_norm.weight");
  EXPECT_EQ(renamed("GPT2LMHeadModel", "h.1.ln_1.weight"), "blk.1.attn_norm.weight");
}

TEST(HuggingFaceNames, OnlyMatricesAreTurned) {
  const HuggingFaceArchitecture& gpt2 = *find_huggingface("GPT2LMHeadModel");
  EXPECT_EQ(rename(gpt2, "h.0.mlp.c_fc.weight")->change, Change::kTranspose);
  EXPECT_EQ(rename(gpt2, "h.0.mlp.c_fc.bias")->change, Change::kNone);
  EXPECT_EQ(rename(gpt2, "h.0.attn.bias")->change, Change::kDrop);
}

TEST(HuggingFaceNames, WhatItDoesNotKnowIsNothing) {
  const HuggingFaceArchitecture& llama = *find_huggingface("LlamaForCausalLM");
  for (const char* name :
       {"", ".", "weight", ".weight", "model.layers.x.mlp.up_proj.weight",
        "model.layers.1.2.mlp.up_proj.weight", "model.layers.1234567.mlp.up_proj.weight",
        "model.layers.#.mlp.up_proj", "model.layers.0.mlp.up_proj", "model.norm.weight.weight"}) {
    EXPECT_FALSE(rename(llama, name).has_value()) << name;
  }
}

// Two names that became one would lose a tensor.
TEST(HuggingFaceNames, NoTwoTensorsBecomeOne) {
  for (const char* name : kKnown) {
    std::set<std::string_view> ours;
    for (const NameRule& rule : find_huggingface(name)->names) {
      if (rule.change == Change::kDrop) continue;
      EXPECT_TRUE(ours.insert(rule.ours).second) << name << ": " << rule.ours;
      EXPECT_EQ(rule.ours.find('#') == std::string_view::npos,
                rule.theirs.find('#') == std::string_view::npos)
          << rule.theirs;
    }
  }
}

}  // namespace
}  // namespace frugal::model
