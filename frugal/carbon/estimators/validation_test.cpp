#include "frugal/carbon/estimators/validation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "frugal/base/atomic_file.h"

namespace frugal::carbon::estimators {
namespace {

TEST(Validation, OnGraphicsProcessorsOursIsAFewTimesNearerThanEcologits) {
  const GpuErrors errors = gpu_errors();
  EXPECT_EQ(errors.ours.count, 274U);
  EXPECT_LE(errors.ours.median, 0.12);
  EXPECT_NEAR(errors.ecologits.median, 0.58, 0.02);  // as docs/carbon.md and others found
  EXPECT_EQ(errors.ecologits_batch.count, 259U);
  EXPECT_NEAR(errors.ecologits_batch.median, 0.51, 0.02);
}

TEST(Validation, OnProcessorsOnlyACalibrationIsBetterThanACurve) {
  const CpuErrors errors = cpu_errors();
  EXPECT_EQ(errors.codecarbon.count, 55U);
  EXPECT_NEAR(errors.codecarbon.median, 0.42, 0.02);
  EXPECT_GT(errors.ours_uncalibrated.median, 0.25);  // no load-only curve is good
  EXPECT_LT(errors.ours_calibrated.median, 0.5 * errors.codecarbon.median);
}

// The page's tables are these functions' output; the program energy_tables in bench/ prints it
// anew.
TEST(Validation, ThePageShowsTheseTables) {
  const char* root = std::getenv("FRUGAL_SOURCE_DIR");
  if (root == nullptr) GTEST_SKIP() << "FRUGAL_SOURCE_DIR is not set: run through ctest";
  const std::string page = read_text_file(std::filesystem::path(root) / "docs" / "energy-model.md");
  for (const std::string& table :
       {gpu_validation(), cpu_validation(), gpu_prices(), prior_prices()}) {
    EXPECT_NE(page.find(table), std::string::npos) << "docs/energy-model.md differs from\n"
                                                   << table;
  }
}

}  // namespace
}  // namespace frugal::carbon::estimators
