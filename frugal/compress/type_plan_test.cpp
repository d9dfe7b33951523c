#include "frugal/compress/type_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "frugal/base/error.h"
#include "tests/support/tiny_model.h"

namespace frugal::compress {
namespace {

using format::TensorFile;
using test::TempFolder;
using test::TinyModel;
using test::write_tiny_model;

DType type_of(const TensorFile& file, const TypePlan& plan, std::string_view name) {
  return plan.types.at(static_cast<std::size_t>(file.find(name) - file.tensors().data()));
}

// Wide enough for blocks of 256.
TinyModel wide(std::size_t layers) {
  TinyModel tiny;
  tiny.embedding = 256;
  tiny.heads = 8;
  tiny.layers = layers;
  tiny.feed_forward = 256;
  return tiny;
}

void expect_refused(const std::function<void()>& act, std::string_view part) {
  try {
    act();
    ADD_FAILURE() << "accepted, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

// Twelve layers, so that the names sort otherwise than the layers: blk.10 before blk.2.
TEST(TypePlan, CountsLayersInTheirOwnOrder) {
  const TempFolder folder;
  const auto file = TensorFile::open(write_tiny_model(folder / "m.gguf", wide(12)));
  const TypePlan plan = plan_types(*file, {.mixture = find_mixture("q3_k_m")});
  EXPECT_EQ(type_of(*file, plan, "blk.1.attn_v.weight"), DType::kQ5_K);
  EXPECT_EQ(type_of(*file, plan, "blk.2.attn_v.weight"), DType::kQ4_K);
  EXPECT_EQ(type_of(*file, plan, "blk.10.attn_v.weight"), DType::kQ4_K);
  EXPECT_EQ(type_of(*file, plan, "blk.10.attn_output.weight"), DType::kQ4_K);
  EXPECT_EQ(type_of(*file, plan, "blk.10.attn_q.weight"), DType::kQ3_K);
  EXPECT_EQ(type_of(*file, plan, "output.weight"), DType::kQ6_K);
  EXPECT_EQ(type_of(*file, plan, "token_embd.weight"), DType::kQ3_K);
  EXPECT_EQ(type_of(*file, plan, "output_norm.weight"), DType::kF32);
  EXPECT_TRUE(plan.fallbacks.empty());
}

TEST(TypePlan, AnEmbeddingThatIsAlsoTheOutputCountsAsOutput) {
  const TempFolder folder;
  TinyModel tiny = wide(1);
  tiny.tied = true;
  const auto file = TensorFile::open(write_tiny_model(folder / "m.gguf", tiny));
  const TypePlan plan = plan_types(*file, {.mixture = find_mixture("q4_k_s")});
  EXPECT_EQ(type_of(*file, plan, "token_embd.weight"), DType::kQ6_K);
}

TEST(TypePlan, TheHeadsOfTheModelDecideOnItsValues) {
  const TempFolder folder;  // 8 heads on 2
  const auto file = TensorFile::open(write_tiny_model(folder / "m.gguf", wide(1)));
  const TypePlan plan = plan_types(*file, {.mixture = find_mixture("q2_k")});
  EXPECT_EQ(type_of(*file, plan, "blk.0.attn_v.weight"), DType::kQ4_K);
}

TEST(TypePlan, TheFirstRuleFoundInANameWins) {
  const TempFolder folder;
  const auto file = TensorFile::open(write_tiny_model(folder / "m.gguf", wide(2)));
  TypeChoice choice{.mixture = find_mixture("q4_k_m")};
  choice.rules.push_back(parse_type_rule(R"(blk\.0\.ffn=q8_0)"));
  choice.rules.push_back(parse_type_rule("ffn_(up|gate)=Q2_K"));
  const TypePlan plan = plan_types(*file, choice);
  EXPECT_EQ(type_of(*file, plan, "blk.0.ffn_up.weight"), DType::kQ8_0);
  EXPECT_EQ(type_of(*file, plan, "blk.1.ffn_up.weight"), DType::kQ2_K);
  EXPECT_EQ(type_of(*file, plan, "blk.1.attn_q.weight"), DType::kQ4_K);
}

TEST(TypePlan, RulesDoNotTouchWhatIsNotRounded) {
  const TempFolder folder;
  const auto file = TensorFile::open(write_tiny_model(folder / "m.gguf", wide(1)));
  TypeChoice choice;
  choice.rules.push_back(parse_type_rule(".=q4_0"));
  const TypePlan plan = plan_types(*file, choice);
  EXPECT_EQ(type_of(*file, plan, "blk.0.attn_norm.weight"), DType::kF32);
  EXPECT_EQ(type_of(*file, plan, "blk.0.attn_q.weight"), DType::kQ4_0);
}

TEST(TypePlan, ARuleThatSaysNothingIsRefused) {
  const TempFolder folder;
  const auto file = TensorFile::open(write_tiny_model(folder / "m.gguf", wide(1)));
  TypeChoice choice;
  choice.rules.push_back(parse_type_rule("ffn_dwon=q6_k"));
  expect_refused([&] { static_cast<void>(plan_types(*file, choice)); }, "'ffn_dwon'");
}

TEST(TypePlan, RefusesRulesThatAreNone) {
  expect_refused([] { static_cast<void>(parse_type_rule("ffn_down")); }, "expected an expression");
  expect_refused([] { static_cast<void>(parse_type_rule("ffn_down=q9")); }, "'q9' is no type");
  expect_refused([] { static_cast<void>(parse_type_rule("ffn_down=iq2_s")); }, "'iq2_s'");
  expect_refused([] { static_cast<void>(parse_type_rule("ffn(=q4_k")); }, "at byte");
  EXPECT_EQ(parse_type_rule("a=b=q4_k").pattern.pattern(), "a=b");
}

// A per-layer count, as some models have, is not one number: such a model counts as sharing none.
TEST(TypePlan, TakesMetadataThatAreArrays) {
  const TempFolder folder;
  TinyModel tiny = wide(1);
  tiny.edit_metadata = [](format::Metadata& meta) {
    meta.set("llama.attention.head_count_kv", format::MetaArray{4, {std::uint32_t{2}}});
  };
  const auto file = TensorFile::open(write_tiny_model(folder / "m.gguf", tiny));
  const TypePlan plan = plan_types(*file, {.mixture = find_mixture("q2_k")});
  EXPECT_EQ(type_of(*file, plan, "blk.0.attn_v.weight"), DType::kQ3_K);
}

}  // namespace
}  // namespace frugal::compress
