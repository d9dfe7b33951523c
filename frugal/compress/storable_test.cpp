#include "frugal/compress/storable.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "frugal/base/error.h"

namespace frugal::compress {
namespace {

std::string fault_of(const std::vector<float>& row, DType type) {
  try {
    check_storable(row, type, {"m.gguf", "t", 4});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    return error.what();
  }
  return {};
}

TEST(Storable, NamesThePlaceOfWhatIsNoNumberOrTooLarge) {
  std::vector<float> row(64, 1.0F);
  for (const DType type : {DType::kF16, DType::kQ4_0, DType::kQ5_1, DType::kQ8_0}) {
    EXPECT_EQ(fault_of(row, type), "");
  }
  row[40] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(fault_of(row, DType::kQ8_0).find("m.gguf: tensor 't': row 4, column 40 is nan"),
            std::string::npos);
  row[40] = 1e6F;
  EXPECT_NE(fault_of(row, DType::kF16).find("at most 65504 for F16"), std::string::npos);
  EXPECT_NE(fault_of(row, DType::kQ4_0), "");
  EXPECT_EQ(fault_of(row, DType::kQ8_0), "");
}

TEST(Storable, BlocksWithAMinimumReachAsFarAsTheirSteps) {
  std::vector<float> row(64, 0.0F);
  row[3] = -60000.0F;
  row[9] = 900000.0F;
  EXPECT_EQ(fault_of(row, DType::kQ4_1), "");
  row[9] = 940000.0F;
  EXPECT_NE(fault_of(row, DType::kQ4_1).find("column 9"), std::string::npos);
  EXPECT_EQ(fault_of(row, DType::kQ5_1), "");
  row[3] = -70000.0F;
  EXPECT_NE(fault_of(row, DType::kQ5_1).find("column 3"), std::string::npos);
}

}  // namespace
}  // namespace frugal::compress
