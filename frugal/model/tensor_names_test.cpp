#include "frugal/model/tensor_names.h"

#include <gtest/gtest.h>

namespace frugal::model {
namespace {

format::TensorInfo matrix(const std::string& name) {
  format::TensorInfo info;
  info.name = name;
  info.dims = {64, 32};
  return info;
}

TEST(TensorNames, MatricesAreRoundedEmbeddingAndOutputIncluded) {
  for (const char* name : {"token_embd.weight", "output.weight", "blk.0.attn_q.weight",
                           "blk.11.ffn_down.weight", "cls.weight"}) {
    EXPECT_TRUE(is_rounded(matrix(name))) << name;
  }
}

TEST(TensorNames, NormsRoutersPositionsAndTypesStayAsTheyAre) {
  for (const char* name : {"blk.0.attn_norm.weight", "blk.3.ffn_gate_inp.weight",
                           "position_embd.weight", "token_types.weight", "blk.0.attn_q.bias"}) {
    EXPECT_FALSE(is_rounded(matrix(name))) << name;
  }
}

TEST(TensorNames, VectorsStayAsTheyAreWhateverTheirName) {
  format::TensorInfo vector = matrix("rope_freqs.weight");
  vector.dims = {8};
  EXPECT_FALSE(is_rounded(vector));
}

TEST(TensorNames, ATypeHasLlamaCppsNumber) {
  EXPECT_EQ(file_type(DType::kF32), 0U);
  EXPECT_EQ(file_type(DType::kF16), 1U);
  EXPECT_EQ(file_type(DType::kQ4_0), 2U);
  EXPECT_EQ(file_type(DType::kQ8_0), 7U);
  EXPECT_EQ(file_type(DType::kBF16), 32U);
  EXPECT_EQ(file_type(DType::kQ4_K), 15U);
  EXPECT_EQ(file_type(DType::kIQ4_XS), 30U);
}

}  // namespace
}  // namespace frugal::model
