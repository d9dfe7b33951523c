#include "frugal/kernels/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "frugal/base/error.h"

namespace frugal::kernels {
namespace {

TEST(Kernels, ScalarRunsEverywhereAndComesFirst) {
  const auto tables = runnable_kernels();
  ASSERT_FALSE(tables.empty());
  EXPECT_EQ(tables.front()->isa, Isa::kScalar);
}

TEST(Kernels, TablesAreSortedAndDistinct) {
  const auto tables = runnable_kernels();
  EXPECT_TRUE(std::is_sorted(tables.begin(), tables.end(),
                             [](const Kernels* a, const Kernels* b) { return a->isa < b->isa; }));
  for (std::size_t i = 1; i < tables.size(); ++i) EXPECT_NE(tables[i - 1]->isa, tables[i]->isa);
}

TEST(Kernels, EveryTableIsComplete) {
  for (const Kernels* table : runnable_kernels()) {
    SCOPED_TRACE(std::string(isa_name(table->isa)));
    EXPECT_NE(table->rms_norm_row, nullptr);
    EXPECT_NE(table->matmul_f32, nullptr);
    EXPECT_NE(table->matmul_f16, nullptr);
    EXPECT_NE(table->matmul_bf16, nullptr);
    const BlockProducts& blocks = table->matmul_blocks;
    for (const Multiply entry :
         {blocks.q4_0, blocks.q4_1, blocks.q5_0, blocks.q5_1, blocks.q8_0, blocks.q2_k, blocks.q3_k,
          blocks.q4_k, blocks.q5_k, blocks.q6_k, blocks.iq4_nl, blocks.iq4_xs, blocks.mxfp4}) {
      EXPECT_NE(entry, nullptr);
    }
    EXPECT_NE(table->quantize_row, nullptr);
    EXPECT_NE(table->softmax_row, nullptr);
    EXPECT_NE(table->silu_mul_row, nullptr);
    EXPECT_NE(table->add_row, nullptr);
    EXPECT_NE(table->rope_row, nullptr);
    EXPECT_NE(table->attend_f32, nullptr);
    EXPECT_NE(table->attend_f16, nullptr);
    EXPECT_NE(table->store_f16_row, nullptr);
  }
}

TEST(Kernels, NamesAreThoseThatPeopleType) {
  EXPECT_EQ(isa_name(Isa::kScalar), "scalar");
  EXPECT_EQ(isa_name(Isa::kAvx2), "avx2");
  EXPECT_EQ(isa_name(Isa::kAvx512), "avx512");
  EXPECT_EQ(isa_name(Isa::kAvx512Vnni), "avx512vnni");
}

TEST(Kernels, WithoutAWishTheBestTableIsChosen) {
  EXPECT_EQ(&choose_kernels(""), runnable_kernels().back());
}

TEST(Kernels, EveryRunnableTableCanBeForced) {
  for (const Kernels* table : runnable_kernels()) {
    EXPECT_EQ(&choose_kernels(isa_name(table->isa)), table);
  }
}

TEST(Kernels, AForcedSetThatCannotRunIsAnErrorThatListsThoseThatCan) {
  try {
    static_cast<void>(choose_kernels("sse\n9"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    const std::string message = error.what();
    for (const Kernels* table : runnable_kernels()) {
      EXPECT_NE(message.find("'" + std::string(isa_name(table->isa)) + "'"), std::string::npos);
    }
    EXPECT_NE(message.find("sse"), std::string::npos);
    EXPECT_EQ(message.find('\n'), std::string::npos) << "the name must be made printable";
  }
}

TEST(Kernels, ASetThisCpuLacksIsRefusedByName) {
  const auto best = runnable_kernels().back()->isa;
  if (best == Isa::kAvx512Vnni) GTEST_SKIP() << "this CPU runs every set of this build";
  EXPECT_THROW(static_cast<void>(choose_kernels("avx512vnni")), Error);
}

}  // namespace
}  // namespace frugal::kernels
