#include "frugal/carbon/estimators/comparison.h"

#include <gtest/gtest.h>

#include "frugal/carbon/carbon_for_test.h"

namespace frugal::carbon::estimators {
namespace {

ComparedRun whole() {
  return {.time = Seconds(10.0),
          .load = 0.5,
          .tdp = Watts(100.0),
          .cpus = 8,
          .memory_gigabytes = 32.0,
          .family = XeonFamily::kSilver,
          .output_tokens = 200.0,
          .active_billions = 7.3,
          .total_billions = std::nullopt};
}

const Comparison& row_of(const std::vector<Comparison>& rows, std::string_view start) {
  for (const Comparison& row : rows) {
    if (row.name.starts_with(start)) return row;
  }
  ADD_FAILURE() << "no row " << start;
  return rows.front();
}

TEST(Comparison, GivesEveryEstimatorsJoules) {
  const std::vector<Comparison> rows = compare(whole());
  EXPECT_EQ(rows.size(), 6U);
  const auto joules = [&](std::string_view name) { return row_of(rows, name).energy->value(); };
  EXPECT_NEAR(joules("CodeCarbon 3.3.0, CPU by load"), (21.25 + 20.0) * 10.0, 1e-9);
  EXPECT_NEAR(joules("CodeCarbon 3.3.0, process"), (50.0 + 20.0) * 10.0, 1e-9);
  EXPECT_NEAR(joules("CodeCarbon 3.3.0, constant"), (50.0 + 20.0) * 10.0, 1e-9);
  EXPECT_NEAR(joules("Teads"), 750.0, 1e-9);
  EXPECT_NEAR(joules("Boavizta"), (60.66414834291025 + 9.088) * 10.0, 1e-9);
  // 200 tokens take 8.9 s by its formula, so the ten seconds do not bound it.
  EXPECT_NEAR(joules("EcoLogits"), 52.98193042967226, 1e-9);
  for (const Comparison& row : rows) {
    EXPECT_FALSE(row.known_error.empty() || row.formula.empty()) << row.name;
  }
}

TEST(Comparison, WhatIsNotKnownLeavesOutThoseThatNeedIt) {
  const std::vector<Comparison> rows = compare({.time = Seconds(1.0)});
  EXPECT_NEAR(row_of(rows, "CodeCarbon 3.3.0, constant").energy->value(), 85.0, 1e-12);
  EXPECT_EQ(row_of(rows, "Teads").missing, "needs the load, the TDP");
  EXPECT_EQ(row_of(rows, "EcoLogits").missing, "needs the output tokens, the parameters");
  EXPECT_FALSE(row_of(rows, "Teads").energy);
  const Json json = to_json(rows, {});
  EXPECT_FALSE(json[3].contains("energy_j"));
  EXPECT_EQ(json[3]["missing"], "needs the load, the TDP");
}

TEST(Comparison, AnUnknownProcessorIsFourWattsAThread) {
  ComparedRun run = whole();
  run.tdp.reset();
  EXPECT_NEAR(row_of(compare(run), "CodeCarbon 3.3.0, CPU by load").energy->value(),
              (32.0 * 0.2125 + 20.0) * 10.0, 1e-9);
}

TEST(Comparison, RowsShareOneGrid) {
  FactorSet factors;
  factors.intensity = an_intensity(400.0, 60.0);
  factors.pue = Pue{.factor = {.value = 1.5, .std = 0.0}, .source = "test"};
  const std::vector<Comparison> rows = compare(whole());
  EXPECT_NEAR(carbon_of(row_of(rows, "Teads"), factors)->value(), 750.0 * 1.5 * 400.0 / 3.6e6,
              1e-12);
  EXPECT_FALSE(carbon_of(row_of(rows, "Teads"), {}));
  EXPECT_TRUE(to_json(rows, factors)[0].contains("carbon_gco2e"));
}

TEST(Comparison, RefusesWhatCannotBe) {
  const auto ask = [](const ComparedRun& run) { return fault_of([&] { (void)compare(run); }); };
  EXPECT_TRUE(ask({.load = 1.5}).starts_with(kind(ErrorKind::kInvalidArgument)));
  EXPECT_TRUE(ask({.time = Seconds(-1.0)}).starts_with(kind(ErrorKind::kInvalidArgument)));
  EXPECT_TRUE(ask({.tdp = Watts(1e300)}).starts_with(kind(ErrorKind::kInvalidArgument)));
}

}  // namespace
}  // namespace frugal::carbon::estimators
